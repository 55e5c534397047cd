import { PaymentService, type Reconciliation } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { InstantJson, instant, knownInstant, orAbsent, page, pageOf, pageQuery, present } from './json';

const ReconciliationJson = z.object({
  id: z.string(),
  /** `running` also while it waits to begin; `differs`: each line that is not ours is a task among those of payments. */
  outcome: z.enum(['running', 'agrees', 'differs', 'provider_unavailable', 'failed']),
  askedBy: z.string(), askedAt: InstantJson, startedAt: InstantJson.optional(), finishedAt: InstantJson.optional(), since: InstantJson.optional(), lines: z.int(), feesBooked: z.int(), unmatched: z.int(),
});
const outcomes = ReconciliationJson.shape.outcome;

const admin = { tag: 'Administration', access: { roles: ['admin'] }, path: '/v1/admin/ledger/reconciliations' } as const;

export function reconciliationRoutes(rpc: Rpc): Route[] {
  const payments = rpc.client(PaymentService);
  return [
    route({
      ...admin, method: 'GET', status: 200, summary: 'Comparisons of the provider\'s books with ours, newest first.', query: z.strictObject(pageQuery), answer: pageOf(ReconciliationJson),
      async handle({ query, call }) {
        const { reconciliations, nextCursor } = await payments.getReconciliations(query, call);
        return page(reconciliations.map(reconciliationJson), nextCursor);
      },
    }),
    route({
      ...admin, method: 'POST', status: 202, summary: 'Compare now: it begins within a second or so, and is found in the list.', answer: ReconciliationJson,
      async handle({ call }) {
        const { reconciliation } = await payments.startReconciliation({}, call);
        return reconciliationJson(present(reconciliation));
      },
    }),
  ];
}

function reconciliationJson({ id, outcome, askedBy, askedAt, startedAt, finishedAt, since, lines, feesBooked, unmatched }: Reconciliation): z.input<typeof ReconciliationJson> {
  return { id, outcome: outcomes.parse(orAbsent(outcome) ?? 'running'), askedBy, askedAt: knownInstant(askedAt), startedAt: instant(startedAt), finishedAt: instant(finishedAt), since: instant(since), lines, feesBooked, unmatched };
}
