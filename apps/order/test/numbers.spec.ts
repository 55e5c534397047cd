import { randomUUID } from 'node:crypto';
import { Scene } from './scene';

jest.setTimeout(30_000);

describe('a number that was typed for one parcel, and that the carrier then gives to the label of another', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await Scene.open();
  }, 60_000);
  afterAll(() => scene.close());

  const scanned = async (tracking: string, kind: string) => {
    await scene.carrierTells(tracking, kind);
    await scene.service.settled();
  };
  const tasksOf = async (id: string) => (await scene.as(scene.admin).getManualTasks({ limit: 100 })).tasks.filter(({ orderId }) => orderId === id);
  const labelOf = (orderId: string) => scene.as(scene.seller).getLabel({ orderId });

  /** An order whose seller has sent the pair another way and typed a number for it, and one that gets its label under that number. */
  const both = async () => {
    const tracking = `OWN${randomUUID()}`;
    const typed = await scene.orderThatIs('confirmed');
    await scene.report(typed, 'seller_shipped', scene.seller, { tracking });
    scene.carrier.nextTracking = tracking;
    const labelled = await scene.orderThatIs('confirmed');
    return { tracking, typed, labelled };
  };

  it('is the label\'s: its seller gets it, and what the carrier tells of it ships that order alone', async () => {
    const { tracking, typed, labelled } = await both();
    expect(await labelOf(labelled)).toMatchObject({ tracking, labelUrl: `http://labels/${tracking}` });
    await scanned(tracking, 'accepted');
    expect((await scene.order(labelled)).status).toBe('seller_shipping');
    await scanned(tracking, 'lost');
    expect((await tasksOf(labelled)).map(({ kind }) => kind)).toEqual(['parcel_lost']);
    expect((await tasksOf(typed)).map(({ kind }) => kind)).not.toContain('parcel_lost');
  });

  it('is a person\'s task for the order that it was typed for, which goes on, and shows nobody the other one\'s label', async () => {
    const { tracking, typed, labelled } = await both();
    const [task, ...others] = await tasksOf(typed);
    expect(others).toEqual([]);
    expect(task).toMatchObject({ kind: 'tracking_taken' });
    expect(task?.detail).toContain(tracking);
    expect(task?.detail).toContain(labelled);
    await expect(labelOf(typed)).rejects.toMatchObject({ code: 'order.label_not_ready' });
    await scene.atTheFloor(typed);
    expect((await scene.order(typed)).status).toBe('authenticating');
    expect(await tasksOf(typed)).toEqual([]);
    expect((await scene.order(labelled)).status).toBe('confirmed');
  });

  it('leaves the list when an admin has settled it, and the order waits for its parcel as before', async () => {
    const { typed } = await both();
    await scene.as(scene.admin).resumeManualTask({ taskId: (await tasksOf(typed))[0]?.id ?? '', reason: 'It is on its way with another carrier.' });
    expect(await tasksOf(typed)).toEqual([]);
    expect((await scene.order(typed)).status).toBe('seller_shipping');
  });

  it('asks nothing of a person when the order that it was typed for has its pair already', async () => {
    const tracking = `OWN${randomUUID()}`;
    const typed = await scene.orderThatIs('confirmed');
    await scene.report(typed, 'seller_shipped', scene.seller, { tracking });
    await scene.atTheFloor(typed);
    scene.carrier.nextTracking = tracking;
    const labelled = await scene.orderThatIs('confirmed');
    expect(await labelOf(labelled)).toMatchObject({ tracking });
    expect(await tasksOf(typed)).toEqual([]);
  });

  it('moves nobody while the label is not recorded yet, and its own order then', async () => {
    const tracking = `OWN${randomUUID()}`;
    const typed = await scene.orderThatIs('confirmed');
    await scene.report(typed, 'seller_shipped', scene.seller, { tracking });
    scene.carrier.nextTracking = tracking;
    let answer = (): void => undefined;
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    scene.when('getAddressVersion', () => isAnswered.then(() => ({ address: { name: 'Sam', street: '1 Main St', city: 'Portland', region: 'OR', postalCode: '97201', country: 'US' } })));
    const match = scene.match();
    await scene.service.deliver('match.created', match.marketId, match);
    await scene.eventually(() => scene.countAsked('getAddressVersion', { versionId: match.sellerAddressVersionId }) > 0);
    const labelled = (await scene.as(scene.seller).getOrders({ role: 'seller', limit: 1 })).orders[0]?.id ?? '';
    await scene.carrierTells(tracking, 'lost', labelled);
    expect(await tasksOf(typed)).toEqual([]);
    answer();
    scene.when('getAddressVersion');
    await scene.service.settled();
    expect((await scene.order(labelled)).status).toBe('seller_shipping');
    expect((await tasksOf(typed)).map(({ kind }) => kind)).toEqual(['tracking_taken']);
    expect((await tasksOf(labelled)).map(({ kind }) => kind)).toEqual(['parcel_lost']);
  });

  /** The same of two parcels to buyers, where the floor has typed the number. */
  const bothOutbound = async () => {
    const tracking = `COURIER${randomUUID()}`;
    const typed = await scene.orderThatIs('auth_passed');
    await scene.report(typed, 'buyer_shipped', scene.authenticator, { tracking });
    const labelled = await scene.orderThatIs('authenticating');
    scene.carrier.nextTracking = tracking;
    await scene.inspected(labelled, 'pass');
    expect((await scene.order(labelled)).outboundTracking).toBe(tracking);
    expect((await tasksOf(typed)).map(({ kind }) => kind)).toEqual(['tracking_taken']);
    return { tracking, typed, labelled };
  };

  it('delivers, and pays for, the order of the label alone', async () => {
    const { tracking, typed, labelled } = await bothOutbound();
    await scanned(tracking, 'delivered');
    expect((await scene.order(labelled)).status).toBe('delivered');
    expect((await scene.order(typed)).status).toBe('shipping_to_buyer');
    expect([labelled, typed].map((orderId) => scene.countAsked('createPayout', { orderId }))).toEqual([1, 0]);
    await scene.report(typed, 'buyer_received', scene.buyer);
    expect(await tasksOf(typed)).toEqual([]);
  });

  it('holds up the order of the label alone when that parcel is lost', async () => {
    const { tracking, typed, labelled } = await bothOutbound();
    await scanned(tracking, 'lost');
    scene.clock.passes({ days: 15 });
    await scene.service.settled();
    expect((await scene.order(typed)).status).toBe('delivered');
    expect((await scene.order(labelled)).status).toBe('shipping_to_buyer');
  });
});
