import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { AppError } from '@libs/kernel/app-error';
import { moneyToMessage } from '@libs/kernel/money';
import { idOf, Till } from './till';

const BUYERS = 10;
/** As many as the order service keeps under way; a crowd that waits for three connections is turned away after two seconds. */
const AT_ONCE = 16;

export interface Rate {
  readonly orders: number;
  readonly captured: number;
  readonly perSecond: number;
}

/** Charges many orders at once, as the order service does after a burst of matches, and tells how long it takes until all are paid. */
export async function chargesPerSecond(till: Till, orders: number): Promise<Rate> {
  const models = await Promise.all(Array.from({ length: BUYERS }, () => till.order('pm_card_visa')));
  await till.settled();
  const at = timestampFromDate(till.service.clock.now());
  const price = moneyToMessage({ currency: 'USD', minor: 45_000 });
  const captured = async () => Number((await till.service.sql.query<{ n: number }>(`select count(*) as n from payments where state = 'captured'`))[0]?.n ?? 0);
  const before = await captured();
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < orders) {
        const { buyer, seller, cardId } = models[next++ % BUYERS] as (typeof models)[number];
        const request = { orderId: idOf('ord'), buyerId: buyer.id, sellerId: seller.id, price, paymentMethodId: cardId, bidAcceptedAt: at, askAcceptedAt: at };
        await again(() => till.as('order').processPayment(request));
      }
    }),
  );
  await till.eventually(async () => (await captured()) - before === orders);
  const perSecond = Math.round((orders * 1_000) / (performance.now() - startedAt));
  return { orders, captured: (await captured()) - before, perSecond };
}

/** As the order service does: the same request, until it is answered. */
async function again(send: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const error: unknown = await send().then(() => undefined, (failure: unknown) => failure);
    if (error === undefined) return;
    if (!(error instanceof AppError && error.kind === 'unavailable')) throw error;
  }
}
