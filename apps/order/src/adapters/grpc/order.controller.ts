import { Controller } from '@nestjs/common';
import type * as pb from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { type CallContext, type CallUser, requireRole, requireService, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import type { Observable } from 'rxjs';
import { viewerOf } from '../../application/caller';
import { CancelOrder } from '../../application/cancel-order';
import { CreateOrder } from '../../application/create-order';
import { ManualTaskDesk } from '../../application/manual-task-desk';
import { OrderDesk } from '../../application/order-desk';
import { ReportEvent, type Reported } from '../../application/report-event';
import { TakeCarrierWebhook } from '../../application/take-carrier-webhook';
import { eventMessage, orderMessage, paidMessage, purchaseOf, taskMessage } from './messages';
import { watchUserOrders } from './watch-user-orders';

@Controller()
@RpcService(OrderService)
export class OrderController implements RpcHandlers<typeof OrderService> {
  constructor(
    private readonly opening: CreateOrder,
    private readonly reports: ReportEvent,
    private readonly cancels: CancelOrder,
    private readonly desk: OrderDesk,
    private readonly webhooks: TakeCarrierWebhook,
    private readonly tasks: ManualTaskDesk,
  ) {}

  async createOrder(request: pb.CreateOrderRequest, call: CallContext) {
    if (call.user) requireRole(call, 'admin');
    else requireService(call, 'bidding', 'order', 'gateway');
    return { orderId: await this.opening.execute(purchaseOf(request)) };
  }

  async getOrder({ orderId }: pb.GetOrderRequest, call: CallContext) {
    return { order: orderMessage(await this.desk.reads.one(userOf(call), orderId)) };
  }

  async getOrders(request: pb.GetOrdersRequest, call: CallContext) {
    const { orders, nextCursor } = await this.desk.reads.page(userOf(call), request);
    return { orders: orders.map(orderMessage), nextCursor };
  }

  async getOrderEvents({ orderId }: pb.GetOrderEventsRequest, call: CallContext) {
    const events = await this.desk.reads.events(userOf(call), orderId);
    return { events: events.map(eventMessage) };
  }

  async updateOrderStatus(request: pb.UpdateOrderStatusRequest, call: CallContext) {
    const user = userOf(call);
    return answerOf(await this.reports.execute(user, request), user);
  }

  async cancelOrder(request: pb.CancelOrderRequest, call: CallContext) {
    const user = userOf(call);
    return answerOf(await this.cancels.execute(user, request), user);
  }

  async refundOrder(request: pb.RefundOrderRequest, call: CallContext) {
    const admin = requireRole(call, 'admin');
    return answerOf(await this.cancels.refund(admin, request), admin);
  }

  async getLabel({ orderId }: pb.GetLabelRequest, call: CallContext) {
    return this.desk.reads.label(userOf(call), orderId);
  }

  async handleCarrierWebhook({ body, signature }: pb.HandleCarrierWebhookRequest, call: CallContext) {
    requireService(call, 'gateway');
    await this.webhooks.execute(body, signature);
    return {};
  }

  async listPaidOrders({ after, limit }: pb.ListPaidOrdersRequest, call: CallContext) {
    requireService(call, 'analytics', 'search');
    return { orders: (await this.desk.reads.paid(after, limit)).map(paidMessage) };
  }

  async getManualTasks(request: pb.GetManualTasksRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { tasks, nextCursor } = await this.tasks.read(request);
    return { tasks: tasks.map(taskMessage), nextCursor };
  }

  async resumeManualTask({ taskId, reason }: pb.ResumeManualTaskRequest, call: CallContext) {
    return { task: taskMessage(await this.tasks.resume(requireRole(call, 'admin'), taskId, reason)) };
  }

  watchUserOrders(requests: Observable<pb.WatchUserOrdersRequest>, call: CallContext) {
    requireService(call, 'gateway');
    return watchUserOrders(requests, this.desk.watching);
  }
}

/** An authenticator who reports a shipment sees no side's money. */
function answerOf({ order, isReplay: replayed }: Reported, user: CallUser) {
  const viewer = viewerOf(order, user);
  const message = orderMessage({ order, viewer: viewer ?? 'admin' });
  return { order: viewer ? message : { ...message, buyerId: '', sellerId: '', lines: [] }, replayed };
}
