import { z } from 'zod';
import { serviceCommand } from '../launch/service-command';
import { runningExchange } from '../run-file';

const Done = z.object({ id: z.string(), outcome: z.enum(['agrees', 'differs', 'provider_unavailable', 'failed']), lines: z.int(), feesBooked: z.int(), unmatched: z.int(), since: z.string().optional() });

/** Asks the running payment service by its own command, and says what came of it. Fails when the books differ or could not be compared. */
export async function reconcile(data: string): Promise<string> {
  const database = process.env.PAYMENT_DATABASE_URL ?? runningExchange(data)?.databases.payment;
  if (!database) throw new Error(`No exchange runs on ${data}: only a running one compares. Start it, or set PAYMENT_DATABASE_URL.`);
  const { outcome, lines, feesBooked, unmatched, since } = Done.parse(JSON.parse(await serviceCommand('payment/src/reconcile-now.js', [], { PAYMENT_DATABASE_URL: database })));
  const seen = `${lines} lines of the provider since ${since ?? 'the beginning'}, ${feesBooked} fees booked`;
  if (outcome === 'agrees') return `The books agree: ${seen}.\n`;
  if (outcome === 'differs') throw new Error(`The books differ: ${seen}, and ${unmatched} lines are not ours. Each is a task that says what to do: GET /v1/admin/tasks.`);
  throw new Error(outcome === 'failed' ? 'The comparison failed; the log of payment says why.' : 'The provider did not answer. It is tried again by the schedule.');
}
