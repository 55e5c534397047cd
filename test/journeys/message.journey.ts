import type { Problem } from '@libs/client/api';
import type { Page, Trader } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';

interface Notification {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly link?: string;
  readonly status: string;
}

const inboxOf = async (who: Trader): Promise<Notification[]> => (await who.api.get<Page<Notification>>('/v1/notifications?limit=100')).data;
/** The subjects of somebody's mails, without the pair that they all name. */
const mailsOf = async (who: Trader): Promise<string[]> => (await who.mails()).map(({ subject }) => subject?.split(':')[0] ?? '').sort();

/** People are told. */
export function messageJourneys(story: () => Story): void {
  it('everybody in a trade is told of each step, by mail and in the inbox, each of them once', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { order } = await story().trade(bea, sam, 450);
    const task = await story().bringsIn(sam, order);
    await story().authenticators[0].inspects(task);
    await story().settled();
    await story().authenticators[0].sendsOn(order.id);
    const { outboundTracking } = await bea.order(order.id);
    await story().world.scan(outboundTracking ?? '', 'delivered');
    await story().settled();
    await story().passes({ days: 5 });

    expect(await mailsOf(bea)).toEqual(['A card was added to your account', 'At our authenticators', 'Confirm your e-mail address', 'Delivered', 'It is authentic', 'It is yours', 'On its way to inspection', 'On its way to you', 'Paid', 'Welcome to Pairwise']);
    expect(await mailsOf(sam)).toEqual(['At our authenticators', 'Confirm your e-mail address', 'Delivered', 'On its way to the buyer', 'Paid out', 'Passed inspection', 'Sold', 'Time to ship', 'Welcome to Pairwise']);
    expect((await sam.mails()).map(({ subject }) => subject)).toContain('Paid out: $396.00');
    const paid = (await bea.mails()).find(({ subject }) => subject?.startsWith('Paid'));
    expect(paid?.text).toContain(`Hello ${bea.account.firstName},\n\nWe have charged your card with $487.45.`);
    // What proves an address goes to that address alone.
    expect((await inboxOf(bea)).map(({ title }) => title.split(':')[0]).sort()).toEqual((await mailsOf(bea)).filter((subject) => subject !== 'Confirm your e-mail address'));
    expect((await inboxOf(sam)).find(({ title }) => title.startsWith('Time to ship'))?.link).toBe(`/orders/${order.id}`);
  });

  it('a trade that fails is told to both with its true reason, once', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { order } = await story().trade(bea, sam);
    await story().passes({ days: 6 });
    expect((await bea.order(order.id)).cancelReason).toBe('did_not_ship');
    const toldTo = async (who: Trader) => (await who.mails()).filter(({ subject }) => /^(Cancelled|Refund)/.test(subject ?? '')).map(({ text }) => text);
    const [toBuyer, toSeller] = [await toldTo(bea), await toldTo(sam)];
    expect([toBuyer.length, toSeller.length]).toEqual([2, 1]);
    expect(toBuyer.join()).toContain('The seller did not ship in time.');
    expect(toSeller.join()).toContain('You did not ship in time.');
  });

  it('a bidder is told when outbid, unless they do not want to know: one click in the mail is enough', async () => {
    const [bea, ben, market] = [await story().buyer(), await story().buyer('Ben'), await story().market()];
    await bea.bids(market, 200);
    await ben.bids(market, 210);
    await story().settled();
    const outbid = (await bea.mails()).filter(({ subject }) => subject?.startsWith('You were outbid'));
    expect(outbid.map(({ text }) => /Somebody.*/.exec(text)?.[0])).toEqual(['Somebody bids $210.00, which is more than your $200.00.']);
    const link = /<(.*)>/.exec(outbid[0]?.headers['List-Unsubscribe'] ?? '')?.[1] ?? '';
    expect(outbid[0]?.text).toContain(link);
    const seen = await fetch(link);
    expect([seen.status, seen.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const clicked = await fetch(link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'List-Unsubscribe=One-Click' });
    expect([clicked.status, await clicked.json()]).toEqual([200, { event: 'outbid' }]);
    await bea.bids(market, 220);
    await ben.bids(market, 230);
    await story().settled();
    expect((await bea.mails()).filter(({ subject }) => subject?.startsWith('You were outbid'))).toHaveLength(1);
    expect((await inboxOf(bea)).filter(({ title }) => title.startsWith('You were outbid'))).toHaveLength(2);
  });

  it('an inbox is read, counted and put away by its owner alone, and preferences are kept', async () => {
    const [bea, eve] = [await story().buyer(), await story().buyer('Eve')];
    await story().settled();
    const [first] = await inboxOf(bea);
    expect(await bea.api.get('/v1/notifications/counts')).toEqual({ unseen: 2, seen: 0, read: 0, archived: 0 });
    expect(await bea.api.patch<Notification>(`/v1/notifications/${first?.id}`, { status: 'read' })).toMatchObject({ id: first?.id, status: 'read' });
    expect(await eve.api.patch(`/v1/notifications/${first?.id}`, { status: 'read' }).catch((problem: Problem) => problem)).toMatchObject({ status: 404, code: 'notification.not_found' });
    expect(await bea.api.post('/v1/notifications/mark-all', { status: 'archived' })).toEqual({ marked: 2 });
    expect(await inboxOf(bea)).toEqual([]);
    const quietHours = { from: '22:00', until: '07:30' };
    const kept = await bea.api.put<object>('/v1/notification-preferences', { timeZone: 'Europe/Berlin', quietHours, choices: [{ event: 'match', channel: 'sms', enabled: true }] });
    expect(await bea.api.get('/v1/notification-preferences')).toEqual(kept);
    expect(kept).toMatchObject({ timeZone: 'Europe/Berlin', quietHours });
    expect(await bea.api.put('/v1/notification-preferences', { choices: [{ event: 'security', channel: 'email', enabled: false }] }).catch((problem: Problem) => problem)).toMatchObject({ status: 422, code: 'notification.preference_fixed' });
  });
}
