import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Injectable } from '@nestjs/common';
import type { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage, moneyToMessage } from '@libs/kernel/money';
import { type CallUser, requireService, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { CancelPayment } from '../../application/cancel-payment';
import { CreateEstimate } from '../../application/create-estimate';
import { ProcessPayment } from '../../application/process-payment';
import { ReadPayment } from '../../application/read-payment';
import { RecoverPayment } from '../../application/recover-payment';
import { RefundPayment } from '../../application/refund-payment';
import { Wake } from '../../application/ports';
import { lineMessage, paymentMessage } from './messages';

type Served = Pick<RpcHandlers<typeof PaymentService>, 'createEstimate' | 'processPayment' | 'recoverPayment' | 'cancelPayment' | 'getPayment' | 'refundPayment'>;
type Handler<K extends keyof Served> = Served[K];
type Arguments<K extends keyof Served> = Parameters<Handler<K>>;

/** The two ways in which a buyer's money does not go on to the seller. */
@Injectable()
export class ChargeEnds {
  constructor(
    readonly cancel: CancelPayment,
    readonly refund: RefundPayment,
  ) {}
}

@Injectable()
export class ChargeHandlers implements Served {
  constructor(
    private readonly estimates: CreateEstimate,
    private readonly begin: ProcessPayment,
    private readonly recover: RecoverPayment,
    private readonly reader: ReadPayment,
    private readonly ends: ChargeEnds,
    private readonly wake: Wake,
  ) {}

  async createEstimate(...[{ side, price }]: Arguments<'createEstimate'>): ReturnType<Handler<'createEstimate'>> {
    const { lines, total, scheduleId } = await this.estimates.execute(side === 'ask' ? 'ask' : 'bid', moneyFromMessage(price));
    return { lines: lines.map(lineMessage), total: moneyToMessage(total), feeScheduleId: scheduleId };
  }

  async processPayment(...[request, call]: Arguments<'processPayment'>): ReturnType<Handler<'processPayment'>> {
    requireService(call, 'order');
    const { orderId, buyerId, sellerId, paymentMethodId, bidAcceptedAt, askAcceptedAt } = request;
    invariant(bidAcceptedAt && askAcceptedAt, 'a charge without the instants of its quotes');
    const order = { orderId, buyerId, sellerId, paymentMethodId, price: moneyFromMessage(request.price), bidAcceptedAt: timestampDate(bidAcceptedAt), askAcceptedAt: timestampDate(askAcceptedAt) };
    const payment = await this.begin.execute(order);
    this.wake.operations();
    return { payment: paymentMessage(payment, 'all') };
  }

  async recoverPayment(...[request, call]: Arguments<'recoverPayment'>): ReturnType<Handler<'recoverPayment'>> {
    const { orderId, paymentMethodId, idempotencyKey } = request;
    const { answer: payment, isReplay: replayed } = await this.recover.execute({ orderId, buyerId: userOf(call).id, paymentMethodId: paymentMethodId === '' ? undefined : paymentMethodId, idempotencyKey });
    this.wake.operations();
    return { payment: paymentMessage(payment, 'buyer'), replayed };
  }

  async cancelPayment(...[{ orderId }, call]: Arguments<'cancelPayment'>): ReturnType<Handler<'cancelPayment'>> {
    requireService(call, 'order');
    const payment = await this.ends.cancel.execute(orderId);
    this.wake.operations();
    return { payment: payment ? paymentMessage(payment, 'all') : { orderId, state: 'cancelled' } };
  }

  async getPayment(...[{ orderId }, call]: Arguments<'getPayment'>): ReturnType<Handler<'getPayment'>> {
    const isOurs = call.user === undefined && call.service === 'order';
    const { payment, viewer, clientSecret } = await this.reader.execute(orderId, isOurs ? 'service' : askerOf(userOf(call)));
    return { payment: paymentMessage(payment, viewer, clientSecret) };
  }

  async refundPayment(...[request, call]: Arguments<'refundPayment'>): ReturnType<Handler<'refundPayment'>> {
    requireService(call, 'order');
    const { orderId, reason, borneByPlatform: isBorneByPlatform } = request;
    const payment = await this.ends.refund.execute({ orderId, reason, isBorneByPlatform });
    this.wake.operations();
    return { payment: paymentMessage(payment, 'all') };
  }
}

function askerOf({ id: userId, roles }: CallUser): { userId: string; isAdmin: boolean } {
  return { userId, isAdmin: roles.includes('admin') };
}
