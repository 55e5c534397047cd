import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid } from '../domain/errors';
import type { Payout } from '../domain/payout';
import { heldUntil } from '../domain/retry-policy';
import { PayoutAccounts, Payouts, type PayoutAccount } from './ports';

/** A seller's own account and payouts, the newest first. */
@Injectable()
export class ReadPayouts {
  constructor(
    private readonly payouts: Payouts,
    private readonly accounts: PayoutAccounts,
    private readonly clock: Clock,
  ) {}

  async account(sellerId: string): Promise<(PayoutAccount & { heldUntil: Date | undefined }) | undefined> {
    const account = await this.accounts.find(sellerId);
    const until = heldUntil(account?.changedAt);
    return account && { ...account, heldUntil: until && until > this.clock.now() ? until : undefined };
  }

  async page(sellerId: string, { limit, cursor, payoutId }: { limit: number; cursor: string; payoutId: string }): Promise<{ payouts: Payout[]; nextCursor: string }> {
    if (cursor !== '' && !uuidOf('pyt', cursor)) throw cursorInvalid();
    const size = pageSize(limit);
    const payouts = await this.payouts.page(sellerId, { limit: size + 1, before: cursor === '' ? undefined : cursor, payoutId: payoutId === '' ? undefined : payoutId });
    const shown = payouts.slice(0, size);
    return { payouts: shown, nextCursor: payouts.length > size ? (shown.at(-1)?.id ?? '') : '' };
  }
}
