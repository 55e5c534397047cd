import { Injectable } from '@nestjs/common';
import { paymentNotFound } from '../domain/errors';
import type { Payment } from '../domain/payment';
import { Payments } from './ports';
import { ChargeProvider } from './provider';

export type Viewer = 'buyer' | 'seller' | 'all';

/** How an order's charge stands, as its buyer, its seller, or an admin may see it. */
@Injectable()
export class ReadPayment {
  constructor(
    private readonly payments: Payments,
    private readonly charges: ChargeProvider,
  ) {}

  async execute(orderId: string, asker: { userId: string; isAdmin: boolean } | 'service'): Promise<{ payment: Payment; viewer: Viewer; clientSecret: string | undefined }> {
    const payment = await this.payments.find(orderId);
    if (!payment) throw paymentNotFound();
    if (asker === 'service') return { payment, viewer: 'all', clientSecret: undefined };
    // Nobody is an admin of a trade of their own.
    if (asker.userId === payment.buyerId) return { payment, viewer: 'buyer', clientSecret: await this.clientSecret(payment) };
    if (asker.userId === payment.sellerId) return { payment, viewer: 'seller', clientSecret: undefined };
    if (asker.isAdmin) return { payment, viewer: 'all', clientSecret: undefined };
    throw paymentNotFound();
  }

  /** The buyer's client needs it to authenticate; we ask the provider rather than keep it. */
  private async clientSecret(payment: Payment): Promise<string | undefined> {
    if (payment.state !== 'action_required' || !payment.intentId) return undefined;
    const reply = await this.charges.readIntent(payment.intentId);
    return reply.reply === 'done' ? reply.value.clientSecret : undefined;
  }
}
