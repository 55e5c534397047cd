import { armFailpoint, type Failpoint } from '@libs/kernel/failpoint';
import { Till, type Order } from './till';

const DAY_MS = 24 * 3_600_000;
/** The first passage of these belongs to the making of the intent, the second to the charge itself. */
const PASSAGES: Partial<Record<Failpoint, number>> = { 'payment.beforePsp': 2, 'payment.afterPspBeforeRow': 2, 'payment.afterRowBeforeLedger': 2 };
const points: Failpoint[] = ['payment.afterIntentRow', 'payment.beforePsp', 'payment.afterPspBeforeRow', 'payment.afterRowBeforeLedger', 'payment.afterCommit', 'payment.webhook.afterVerify', 'payment.webhook.afterInbox'];

/** The service stops at a point and comes back with what it has written down, as after a kill: nothing else survives a restart. */
describe.each(points)('When payment breaks off at %s', (point) => {
  let till: Till;
  let passages: number;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => {
    armFailpoint(point, () => undefined);
    return till?.close();
  });

  function breaksAt(passage: number): void {
    passages = 0;
    armFailpoint(point, () => {
      passages += 1;
      if (passages === passage) throw new Error(`fail point ${point}`);
    });
  }

  /** Asks as the order's saga does: again until there is an answer. */
  async function insist<T>(work: () => Promise<T>): Promise<T> {
    return work().catch(() => work());
  }

  async function comesBack(): Promise<void> {
    await till.eventually(async () => passages >= passage);
    await till.service.restart();
    await till.settled();
  }

  const charge = async (order: Order) => {
    await insist(() => till.charge(order));
    if (point !== 'payment.afterIntentRow') await comesBack();
    await till.settled();
  };

  const passage = PASSAGES[point] ?? 1;
  it('the charge is made and announced once, and the rest goes on to the payout (L10)', async () => {
    const order = await till.order('pm_card_bypassPending');
    await till.settled();
    breaksAt(passage);
    await charge(order);
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 1 });
    const charges = (await till.list('charges?limit=100')).filter((one) => one['transfer_group'] === order.orderId);
    expect(charges).toHaveLength(1);

    breaksAt(passage);
    await insist(() => till.as('order').createPayout({ orderId: order.orderId }));
    await till.settled();
    await till.service.restart();
    await till.passes({ days: 3 }, DAY_MS);
    expect(await till.payout(order.seller, order.orderId)).toMatchObject({ state: 'paid' });
    expect(await till.list(`transfers?transfer_group=${order.orderId}`)).toHaveLength(1);
    expect(await till.events(order.orderId)).toEqual(['payment.captured', 'payout.released', 'payout.transferred', 'payout.paid']);
    const balances = await till.balances();
    expect(Object.values(balances).reduce((sum, minor) => sum + minor, 0)).toBe(0);
    expect(balances['held']).toBeUndefined();
  }, 60_000);
});
