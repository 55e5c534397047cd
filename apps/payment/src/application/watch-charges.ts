import { Injectable } from '@nestjs/common';
import { stepOf } from '../domain/lifecycle';
import type { PaymentState } from '../domain/payment';
import { Payments } from './ports';
import { ChargeProvider } from './provider';
import { findingOf } from './run-charge';
import { Setbacks } from './setbacks';
import { SettleCharge } from './settle-charge';

const UNWATCHED_MS = 60_000;
const BATCH_MAX = 10;

/** Looks at intents without having sent anything: because a message names one, or because a message may have been lost. */
@Injectable()
export class WatchCharges {
  constructor(
    private readonly payments: Payments,
    private readonly charges: ChargeProvider,
    private readonly settle: SettleCharge,
    private readonly setbacks: Setbacks,
  ) {}

  /** The poller. */
  async execute(): Promise<void> {
    for (const intentId of await this.payments.takeUnwatched(UNWATCHED_MS, BATCH_MAX)) {
      await this.setbacks.attempt({ subject: `unpaid intent ${intentId}` }, () => this.look(intentId));
    }
  }

  /** False when the provider did not tell. A charge that waits for the buyer is no news: only its end is. */
  async look(intentId: string): Promise<boolean> {
    const payment = await this.payments.findByIntent(intentId);
    if (!payment || !mayStillEnd(payment.state)) return true;
    const reply = await this.charges.readIntent(intentId);
    if (reply.reply !== 'done') return false;
    const finding = findingOf(reply.value);
    if (finding && finding.found !== 'authentication_required') await this.settle.execute(payment.orderId, finding);
    return true;
  }
}

/** Of a charge whose end is known its intent tells nothing new. */
const mayStillEnd = (state: PaymentState): boolean => stepOf(state, 'captured') !== undefined || stepOf(state, 'cancelled_there') !== undefined;
