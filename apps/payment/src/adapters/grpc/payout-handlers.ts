import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Injectable } from '@nestjs/common';
import type { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { requireRole, requireService } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { CreatePayout } from '../../application/create-payout';
import { CreatePayoutAccount } from '../../application/create-payout-account';
import { ReadPayouts } from '../../application/read-payouts';
import { Wake } from '../../application/ports';
import { payoutMessage } from './messages';

type Served = Pick<RpcHandlers<typeof PaymentService>, 'createPayout' | 'getPayoutAccount' | 'createPayoutAccount' | 'getPayouts'>;
type Arguments<K extends keyof Served> = Parameters<Served[K]>;

@Injectable()
export class PayoutHandlers implements Served {
  constructor(
    private readonly release: CreatePayout,
    private readonly accounts: CreatePayoutAccount,
    private readonly reader: ReadPayouts,
    private readonly wake: Wake,
  ) {}

  async createPayout(...[{ orderId }, call]: Arguments<'createPayout'>): ReturnType<Served['createPayout']> {
    requireService(call, 'order');
    const payout = await this.release.execute(orderId);
    this.wake.operations();
    return { payout: payoutMessage(payout) };
  }

  async getPayoutAccount(...[, call]: Arguments<'getPayoutAccount'>): ReturnType<Served['getPayoutAccount']> {
    const account = await this.reader.account(requireRole(call, 'seller').id);
    if (!account) return { exists: false };
    const { isEnabled: enabled, bankLast4, heldUntil } = account;
    return { exists: true, enabled, bankLast4, ...(heldUntil ? { heldUntil: timestampFromDate(heldUntil) } : {}) };
  }

  async createPayoutAccount(...[{ bankToken, country, idempotencyKey }, call]: Arguments<'createPayoutAccount'>): ReturnType<Served['createPayoutAccount']> {
    const { isEnabled: enabled, bankLast4, isReplay: replayed } = await this.accounts.execute({ userId: requireRole(call, 'seller').id, bankToken, country, idempotencyKey });
    return { enabled, bankLast4, replayed };
  }

  async getPayouts(...[request, call]: Arguments<'getPayouts'>): ReturnType<Served['getPayouts']> {
    const { limit, cursor, payoutId } = request;
    const { payouts, nextCursor } = await this.reader.page(requireRole(call, 'seller').id, { limit, cursor, payoutId });
    return { payouts: payouts.map(payoutMessage), nextCursor };
  }
}
