import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid, filterInvalid, labelNotReady, orderNotFound } from '../domain/errors';
import { type Order, reasonFor, type Viewer } from '../domain/order';
import { type Caller, viewerOf } from './caller';
import { History, type HistoryEntry, type Label, type OrderFilter, Orders, Shipments } from './ports';

/** Of one page for another service that builds its projection anew. */
const RECORDS_MAX = 1_000;

export interface OrderView {
  readonly order: Order;
  readonly viewer: Viewer;
}

export interface OrderQuery {
  readonly role: string;
  readonly state: string;
  readonly limit: number;
  readonly cursor: string;
}

/** Each side of an order sees its own view of it; to anybody else it does not exist. */
@Injectable()
export class ReadOrders {
  constructor(
    private readonly orders: Orders,
    private readonly history: History,
    private readonly shipments: Shipments,
  ) {}

  async one(caller: Caller, orderId: string): Promise<OrderView> {
    const order = await this.orders.find(orderId);
    const viewer = order && viewerOf(order, caller);
    if (!order || !viewer) throw orderNotFound(orderId);
    return { order, viewer };
  }

  async page(caller: Caller, query: OrderQuery): Promise<{ orders: OrderView[]; nextCursor: string }> {
    const limit = pageSize(query.limit);
    const found = await this.orders.page({ ...filterOf(caller, query), limit: limit + 1 });
    const shown = found.slice(0, limit);
    const orders = shown.map((order) => ({ order, viewer: viewerOf(order, caller) ?? 'admin' }));
    const last = shown.at(-1);
    return { orders, nextCursor: found.length > limit && last ? last.id : '' };
  }

  /** For services alone. */
  paid(after: string, limit: number): Promise<Order[]> {
    return this.orders.announcedPaid(after, Math.min(limit, RECORDS_MAX));
  }

  async events(caller: Caller, orderId: string): Promise<HistoryEntry[]> {
    const { viewer } = await this.one(caller, orderId);
    return (await this.history.of(orderId)).map((entry) => ({ ...entry, reason: reasonFor(entry, viewer) }));
  }

  async label(caller: Caller, orderId: string): Promise<Label> {
    const { order, viewer } = await this.one(caller, orderId);
    if (viewer === 'buyer') throw orderNotFound(orderId);
    const label = order.tracking.inbound && (await this.shipments.findLabel(orderId, order.tracking.inbound));
    if (!label) throw labelNotReady();
    return label;
  }
}

function filterOf(caller: Caller, { role, state, cursor }: OrderQuery): Omit<OrderFilter, 'limit'> {
  if (role !== '' && role !== 'buyer' && role !== 'seller') throw filterInvalid('role');
  if (state !== '' && state !== 'active' && state !== 'history') throw filterInvalid('state');
  if (cursor !== '' && !uuidOf('ord', cursor)) throw cursorInvalid();
  const isEverybodys = role === '' && caller.roles.includes('admin');
  return { userId: isEverybodys ? undefined : caller.id, side: role || undefined, state: state || undefined, before: cursor || undefined };
}
