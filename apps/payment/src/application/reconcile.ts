import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { providerFeePosting } from '../domain/ledger';
import { MoneyBooks } from './money-books';
import { Ledger, ReconcileCursor, type ReconciliationResult } from './ports';
import { BalanceProvider, type BalanceLine } from './provider';

const OVERLAP_MS = 24 * 3_600_000;
/** The provider dates its lines by the business clock. Younger ones may belong to an operation whose reply is still on its way. */
const GRACE_MS = 15 * 60_000;
const feeTypes: ReadonlySet<string> = new Set(['stripe_fee', 'network_cost', 'stripe_fx_fee', 'tax_fee']);

/** Compares the provider's books with ours, line by line: each of its lines is one transaction of our ledger, with the same effect on its balance. */
@Injectable()
export class Reconcile {
  constructor(
    private readonly transactions: Transactions,
    private readonly provider: BalanceProvider,
    private readonly ledger: Ledger,
    private readonly books: MoneyBooks,
    private readonly cursor: ReconcileCursor,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<ReconciliationResult> {
    const startedAt = this.clock.now();
    const last = await this.cursor.read();
    const since = new Date((last?.getTime() ?? OVERLAP_MS) - OVERLAP_MS);
    const failures: unknown[] = [];
    const counts = { lines: 0, feesBooked: 0, unmatched: 0 };
    for (let hasMore = true, after: string | undefined; hasMore; ) {
      const reply = await this.provider.listLines(since, after);
      if (reply.reply !== 'done') return { outcome: 'provider_unavailable', since, ...counts };
      for (const line of reply.value.lines) {
        const found = await this.compare(line, startedAt).catch((error: unknown) => void failures.push(error));
        counts.lines += 1;
        if (found) counts[found] += 1;
      }
      after = reply.value.lines.at(-1)?.id;
      hasMore = reply.value.hasMore && after !== undefined;
    }
    // One line that fails does not keep the others from being compared, but all are compared again.
    if (failures.length > 0) throw failures[0];
    await this.cursor.move(startedAt);
    return { outcome: counts.unmatched > 0 ? 'differs' : 'agrees', since, ...counts };
  }

  private async compare(line: BalanceLine, now: Date): Promise<'feesBooked' | 'unmatched' | undefined> {
    const booked = await this.ledger.hasReference(line.id);
    if (booked?.stripeNetMinor === line.net.minor) return this.matched(line);
    if (booked) return this.unmatched(line, `We booked ${booked.stripeNetMinor} for it.`);
    if (line.net.minor === 0) return undefined;
    if (feeTypes.has(line.type)) {
      await this.transactions.run((tx) => this.books.post(tx, providerFeePosting(line.id, line.net)));
      return 'feesBooked';
    }
    if (now.getTime() - line.createdAt.getTime() > GRACE_MS) return this.unmatched(line, 'We booked nothing for it.');
    return undefined;
  }

  private async matched(line: BalanceLine): Promise<undefined> {
    await this.transactions.run((tx) => this.books.explained(tx, line.id));
  }

  private async unmatched({ id, type, net }: BalanceLine, detail: string): Promise<'unmatched'> {
    const advice = 'Find out at the provider what moved this money. If it belongs to an order, its operation must be settled first; nothing is booked by hand.';
    const task = { kind: 'unmatched_line' as const, subject: id, detail: `${type} of ${net.minor} ${net.currency} at the provider. ${detail}`, advice };
    await this.transactions.run((tx) => this.books.needsPerson(tx, task));
    return 'unmatched';
  }
}
