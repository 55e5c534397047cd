import { Injectable } from '@nestjs/common';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { type EstimateLine, type Payment, PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { invariant } from '@libs/kernel/invariant';
import { moneyFromMessage, moneyToMessage } from '@libs/kernel/money';
import { type OutgoingCall, Rpc } from '@libs/rpc/rpc';
import { Neighbours, type PaymentView, type PostalAddress } from '../../application/ports';
import type { Line, Order } from '../../domain/order';

const soon: OutgoingCall = { deadlineMs: 2_000 };
/** Payment asks the provider before it answers. */
const patiently: OutgoingCall = { deadlineMs: 10_000 };

@Injectable()
export class RpcNeighbours extends Neighbours {
  constructor(private readonly rpc: Rpc) {
    super();
  }

  async reserveStock({ id: orderId, marketId, askId }: Order): Promise<void> {
    await this.rpc.client(ProductService).reserveStock({ orderId, marketId, askId }, soon);
  }

  async releaseStock({ id: orderId, marketId, askId }: Order): Promise<void> {
    await this.rpc.client(ProductService).releaseStock({ orderId, marketId, askId }, soon);
  }

  async processPayment(order: Order): Promise<PaymentView> {
    const { id: orderId, buyerId, sellerId, price, paymentMethodId, bidAcceptedAt, askAcceptedAt } = order;
    const times = { bidAcceptedAt: timestampFromDate(bidAcceptedAt), askAcceptedAt: timestampFromDate(askAcceptedAt) };
    const request = { orderId, buyerId, sellerId, price: moneyToMessage(price), paymentMethodId, ...times };
    return viewOf((await this.rpc.client(PaymentService).processPayment(request, patiently)).payment);
  }

  async cancelPayment(orderId: string): Promise<PaymentView> {
    return viewOf((await this.rpc.client(PaymentService).cancelPayment({ orderId }, patiently)).payment);
  }

  async refundPayment(orderId: string, reason: string, isBorneByPlatform: boolean): Promise<PaymentView> {
    const request = { orderId, reason, borneByPlatform: isBorneByPlatform };
    return viewOf((await this.rpc.client(PaymentService).refundPayment(request, patiently)).payment);
  }

  async createPayout(orderId: string): Promise<{ state: string }> {
    const { payout } = await this.rpc.client(PaymentService).createPayout({ orderId }, patiently);
    invariant(payout, `payment answered no payout for order ${orderId}`);
    return { state: payout.state };
  }

  async bustMatch(matchId: string, reason: string, doNotRelist: boolean): Promise<void> {
    await this.rpc.client(BiddingService).bustMatch({ matchId, reason, doNotRelist }, soon);
  }

  async recordStrike(userId: string, orderId: string, kind: string): Promise<void> {
    await this.rpc.client(UserService).recordStrike({ userId, orderId, kind }, soon);
  }

  async addressOf(versionId: string): Promise<PostalAddress> {
    const { address } = await this.rpc.client(UserService).getAddressVersion({ versionId }, soon);
    invariant(address, `user answered no address for ${versionId}`);
    const { name, street, street2, city, region, postalCode, country, phone } = address;
    return { name, street, street2, city, region, postalCode, country, phone };
  }
}

function viewOf(payment: Payment | undefined): PaymentView {
  invariant(payment, 'payment answered nothing');
  return { state: payment.state, buyerLines: payment.buyerLines.map(lineOf), sellerLines: payment.sellerLines.map(lineOf) };
}

function lineOf({ kind, amount }: EstimateLine): Line {
  return { kind, amount: moneyFromMessage(amount) };
}
