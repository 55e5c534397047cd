import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { idOf, type Person, PostOffice } from './post-office';

const SECRET = 'v3ry-s3cret-t0ken';

describe('what readers wish for', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await PostOffice.open();
  }, 90_000);
  afterAll(() => office.close());

  const choose = (person: Person, event: string, channel: string, enabled: boolean) => office.as(person).updatePreferences({ preferences: { choices: [{ event, channel, enabled }] } });

  it('is what they are told, by the ways that they choose', async () => {
    const [bea, sam] = [office.person('Bea', '+15035550101'), office.person('Sam')];
    await choose(bea, 'match', 'email', false);
    await choose(bea, 'match', 'sms', true);
    await choose(sam, 'match', 'inbox', false);
    await office.sale(bea, sam);
    expect(await office.subjects(bea)).toEqual([]);
    expect(await office.subjects('+15035550101')).toEqual(['Pairwise: It is yours: Norrland Aurora 1 Glacier, size 9']);
    expect([await office.inbox(bea), await office.inbox(sam)]).toEqual([['It is yours: Norrland Aurora 1 Glacier, size 9'], []]);
  });

  it('is shown as a matrix, in which what protects an account cannot be switched off', async () => {
    const bea = office.person('Bea');
    const { preferences } = await office.as(bea).getPreferences({});
    expect(preferences?.choices).toHaveLength(45);
    expect(preferences?.choices).toContainEqual(expect.objectContaining({ event: 'security', channel: 'email', enabled: true, fixed: true }));
    await expect(choose(bea, 'security', 'email', false)).rejects.toMatchObject({ code: 'notification.preference_fixed' });
    for (const nothing of ['weather', 'toString', '__proto__']) for (const enabled of [true, false]) await expect(choose(bea, nothing, 'email', enabled)).rejects.toMatchObject({ code: 'notification.event_unknown' });
    await expect(office.as(bea).updatePreferences({ preferences: { timeZone: 'Mars/Olympus' } })).rejects.toMatchObject({ code: 'notification.time_zone_unknown' });
    await expect(office.as(bea).updatePreferences({ preferences: { quietHours: { from: '22:00', until: '22:00' } } })).rejects.toMatchObject({ code: 'notification.quiet_hours_empty' });
  });

  it('is silence at night, where they live: what can wait is sent in the morning, in their time', async () => {
    const [bea, sam] = [office.person('Bea'), office.person('Sam')];
    await office.as(bea).updatePreferences({ preferences: { timeZone: 'Asia/Tokyo', quietHours: { from: '20:00', until: '08:00' } } });
    const { orderId } = await office.sale(bea, sam);
    await office.hears(['user.suspended', bea.id, { userId: bea.id, scope: 'buying', reason: 'why' }]);
    expect(await office.subjects(bea)).toEqual(['You cannot buy at the moment']);
    expect(await office.inbox(bea)).toHaveLength(2);
    office.service.clock.passes({ hours: 11 });
    await office.hears(['order.delivered', orderId, { orderId, buyerId: bea.id, sellerId: sam.id, deliveredAt: timestampFromDate(new Date('2026-03-02T23:30:00Z')) }]);
    expect((await office.outbox(bea)).slice(1).map(({ subject }) => subject).sort()).toEqual(['Delivered: Norrland Aurora 1 Glacier, size 9', 'It is yours: Norrland Aurora 1 Glacier, size 9']);
    expect((await office.outbox(bea)).find(({ subject }) => subject?.startsWith('Delivered'))?.text).toContain('Delivered: Tuesday, March 3, 2026 at 8:30 AM GMT+9');
  });

  it('is one click: the link of a mail ends mails of its kind, and no others', async () => {
    const { buyer } = await office.sale();
    const [mail] = await office.outbox(buyer);
    expect(mail?.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    const token = /^<https:\/\/pairwise\.example\/v1\/unsubscribe\/([\w-]+)>$/.exec(mail?.headers['List-Unsubscribe'] ?? '')?.[1] ?? '';
    for (const body of [mail?.text, mail?.html]) expect(body).toContain(`https://pairwise.example/v1/unsubscribe/${token}`);
    const door = office.service.client(NotificationService);
    for (const _twice of [1, 2]) expect((await door.unsubscribe({ token })).event).toBe('match');
    await expect(door.unsubscribe({ token: `${token.slice(0, 10)}${token[10] === 'A' ? 'B' : 'A'}${token.slice(11)}` })).rejects.toMatchObject({ code: 'notification.token_invalid' });
    await expect(door.unsubscribe({ token: 'nonsense' })).rejects.toMatchObject({ code: 'notification.token_invalid' });
    await office.sale(buyer);
    await office.hears(['user.suspended', buyer.id, { userId: buyer.id, scope: 'all', reason: 'why' }]);
    const later = (await office.outbox(buyer)).slice(1);
    expect(later.map(({ subject }) => subject)).toEqual(['Your account is suspended']);
    expect(later[0]?.headers['List-Unsubscribe']).toBeUndefined();
    for (const body of [later[0]?.text, later[0]?.html]) expect(body).not.toContain('unsubscribe');
    expect(await office.inbox(buyer)).toHaveLength(3);
  });

  it('is heard by a message that was planned before', async () => {
    const [bea, sam] = [office.person('Bea'), office.person('Sam')];
    const sale = { productId: idOf('prd'), marketId: idOf('mkt'), orderId: idOf('ord'), matchId: idOf('mtc'), buyer: bea, seller: sam };
    await office.hears(office.match(sale));
    await choose(bea, 'match', 'email', false);
    await office.hears(['product.created', sale.productId, office.product(sale)]);
    expect([await office.subjects(bea), (await office.subjects(sam)).length]).toEqual([[], 1]);
  });

  it('is an inbox of their own, of which they see what they have not seen', async () => {
    const { buyer, seller } = await office.sale();
    await office.sale(buyer, seller);
    const counts = async () => {
      const { unseen, seen, read, archived } = await office.as(buyer).getNotificationCounts({});
      return { unseen, seen, read, archived };
    };
    expect(await counts()).toEqual({ unseen: 2, seen: 0, read: 0, archived: 0 });
    const first = await office.as(buyer).getNotifications({ limit: 1 });
    const second = await office.as(buyer).getNotifications({ limit: 1, cursor: first.nextCursor });
    expect([first.notifications.length, second.notifications.length, second.nextCursor, first.notifications[0]?.id === second.notifications[0]?.id]).toEqual([1, 1, '', false]);
    const notificationId = first.notifications[0]?.id ?? '';
    await expect(office.as(seller).markNotification({ notificationId, status: 'read' })).rejects.toMatchObject({ code: 'notification.not_found' });
    expect((await office.as(buyer).markNotification({ notificationId, status: 'read' })).notification?.status).toBe('read');
    expect((await office.as(buyer).markAllNotifications({ status: 'seen' })).marked).toBe(1);
    expect(await counts()).toEqual({ unseen: 0, seen: 1, read: 1, archived: 0 });
    await office.as(buyer).markNotification({ notificationId, status: 'archived' });
    expect((await office.as(buyer).getNotifications({})).notifications).toHaveLength(1);
  });

  describe('an account message', () => {
    const asUser = () => office.service.client(NotificationService, 'user');
    const ask = (userId: string, to: string, more: object = {}) => ({ kind: 'verify_email', userId, to, token: SECRET, idempotencyKey: idOf('key'), expiresAt: timestampFromDate(new Date(Date.now() + 3_600_000)), ...more });

    it('goes to the address that it names, once for its key, and leaves neither address nor secret behind', async () => {
      const kim = office.person('Kim');
      const to = `other.${kim.id}@example.com`;
      const request = ask(kim.id, to);
      await Promise.all([asUser().sendAccountMessage(request), asUser().sendAccountMessage(request)]);
      await office.service.settled();
      await asUser().sendAccountMessage(request);
      await office.service.settled();
      expect(await office.subjects(to)).toEqual(['Confirm your e-mail address']);
      expect((await office.outbox(to))[0]?.text).toContain(`https://pairwise.example/verify-email?token=${SECRET}`);
      expect(await office.subjects(kim)).toEqual([]);
      const kept = JSON.stringify(await office.service.sql.query(`select m::text as row, encode(m.sealed, 'escape') as sealed from messages m`));
      expect(`${kept}${office.service.logs.join('')}`).not.toMatch(new RegExp(`${SECRET}|${to}|${kim.email}`));
    });

    it('waits for a provider that is away with its secret sealed', async () => {
      const kim = office.person('Kim');
      await office.fault({ path: '/v3/mail/send', mode: 'unavailable_503', times: 1_000 });
      await asUser().sendAccountMessage(ask(kim.id, kim.email));
      const [{ sealed } = { sealed: '' }] = await office.service.sql.query<{ sealed: string }>(`select encode(sealed, 'escape') as sealed from messages where kind = 'verify_email' and state <> 'sent'`);
      expect(sealed.length).toBeGreaterThan(40);
      expect(sealed).not.toContain(SECRET);
      await office.noFaults();
      await office.service.settled();
      expect(await office.subjects(kim)).toEqual(['Confirm your e-mail address']);
    });

    it('is not sent when its link has expired', async () => {
      const kim = office.person('Kim');
      await asUser().sendAccountMessage(ask(kim.id, kim.email, { expiresAt: timestampFromDate(new Date(Date.now() - 1_000)) }));
      await office.service.settled();
      expect(await office.subjects(kim)).toEqual([]);
      expect(await office.fates(kim)).toEqual([expect.objectContaining({ state: 'dropped', reason: 'link_expired' })]);
    });

    it('of a notice also stands in the inbox, and comes from user alone', async () => {
      const kim = office.person('Kim');
      await asUser().sendAccountMessage(ask(kim.id, kim.email, { kind: 'password_changed', token: '', expiresAt: undefined }));
      await office.service.settled();
      expect([await office.subjects(kim), await office.inbox(kim)]).toEqual([['Your password was changed'], ['Your password was changed']]);
      await expect(office.service.client(NotificationService, 'order').sendAccountMessage(ask(kim.id, kim.email))).rejects.toMatchObject({ kind: 'forbidden' });
      await expect(asUser().sendAccountMessage(ask(kim.id, kim.email, { kind: 'poem' }))).rejects.toMatchObject({ code: 'notification.kind_unknown' });
    });
  });
});
