import { Activity } from '@libs/chassis/activity';
import { AppError } from '@libs/kernel/app-error';
import { armFailpoint } from '@libs/kernel/failpoint';
import { typeId } from '@libs/kernel/ids';
import { until } from '@libs/testing/exchange-process';
import { Messages } from '../src/application/ports';
import { idOf, type Person, PostOffice } from './post-office';

jest.setTimeout(60_000);
const MAIL = '/v3/mail/send';
const TRIED_MS_MAX = 30_000;
const FOR_EVER_MS = 120_000;
const TEXTS = '/2010-04-01/Accounts/*/Messages.json';

/** What a provider may answer, or not, and what becomes of a message then. A welcome is not critical, a warning of a suspension is. */
describe('a message whose provider', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await PostOffice.open();
  }, 90_000);
  afterAll(() => office.close());
  afterEach(async () => {
    armFailpoint('notification.beforeSend', () => undefined);
    armFailpoint('notification.afterSendBeforeMark', () => undefined);
    await office.noFaults();
  });

  const welcome = async (person: Person) => office.hears(['user.registered', person.id, { userId: person.id }]);
  const warning = async (person: Person) => office.hears(['user.suspended', person.id, { userId: person.id, scope: 'all', reason: 'why' }]);
  const fate = async (person: Person, channel = 'email') => {
    const { state, reason, attempts, resends } = (await office.fates(person)).find((one) => one.channel === channel) ?? {};
    return { state, reason, attempts, resends };
  };

  it.each(['rate_limit_429', 'unavailable_503'])('says that it has done nothing (%s) is sent when it takes it, once', async (mode) => {
    const kim = office.person('Kim');
    await office.fault({ path: MAIL, mode, times: 3 });
    await welcome(kim);
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
    expect(await fate(kim)).toMatchObject({ state: 'sent', attempts: 4 });
  });

  it.each(['timeout_after_apply', 'error_500_after_apply'])('took it and did not say so (%s) is found there and not sent again', async (mode) => {
    const kim = office.person('Kim');
    await office.fault({ path: MAIL, mode });
    await welcome(kim);
    await warning(kim);
    expect((await office.subjects(kim)).sort()).toEqual(['Welcome to Pairwise', 'Your account is suspended']);
    expect(await fate(kim)).toMatchObject({ state: 'sent', attempts: 1 });
  });

  it('says nothing and did nothing is not sent again unless it matters, and then once', async () => {
    const [kim, lou, max] = [office.person('Kim'), office.person('Lou'), office.person('Max')];
    await office.fault({ path: MAIL, mode: 'timeout_before', delayMs: FOR_EVER_MS }); // Nor does it hang up.
    await welcome(kim);
    await office.fault({ path: MAIL, mode: 'timeout_before' });
    await warning(lou);
    await office.fault({ path: MAIL, mode: 'timeout_before', times: 2 });
    await warning(max);
    expect([await office.subjects(kim), await office.subjects(lou), await office.subjects(max)]).toEqual([[], ['Your account is suspended'], []]);
    expect(await fate(kim)).toMatchObject({ state: 'dropped', reason: 'outcome_unknown', attempts: 1, resends: 0 });
    expect(await fate(lou)).toMatchObject({ state: 'sent', attempts: 2, resends: 1 });
    expect(await fate(max)).toMatchObject({ state: 'dropped', reason: 'outcome_unknown', attempts: 2, resends: 1 });
  });

  it('does not tell what it was sent keeps it unknown, and it is dropped rather than sent twice', async () => {
    const kim = office.person('Kim');
    await office.fault({ path: MAIL, mode: 'timeout_after_apply' });
    await office.fault({ path: '/v3/messages', mode: 'unavailable_503', times: 1_000 });
    await welcome(kim);
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
    expect(await fate(kim)).toMatchObject({ state: 'dropped', reason: 'outcome_unknown' });
  });

  it('refuses the address has failed, with a reason and without the address', async () => {
    const kim = { ...office.person('Kim', '+15005550001') };
    await warning(kim);
    expect(await fate(kim, 'sms')).toMatchObject({ state: 'failed', reason: 'answered_400', attempts: 1 });
    expect(JSON.stringify(office.service.logs)).not.toContain('5005550001');
  });

  it('took a text message and did not say so finds it by its words and its number, and not another of the same words', async () => {
    const kim = office.person('Kim', '+15035550177');
    await warning(kim);
    await office.fault({ path: TEXTS, method: 'POST', mode: 'timeout_after_apply' });
    await warning(kim);
    await office.fault({ path: TEXTS, method: 'POST', mode: 'timeout_before' });
    await warning(kim);
    const texts = (await office.fates(kim)).filter(({ channel }) => channel === 'sms');
    expect(texts.map(({ state, attempts }) => [state, attempts])).toEqual([['sent', 1], ['sent', 1], ['sent', 2]]);
    expect(await office.outbox('+15035550177')).toHaveLength(3);
  });

  it('cannot be reached because the user service is away waits for it', async () => {
    const kim = office.person('Kim');
    office.isUserDown = true;
    await office.service.deliver('user.registered', kim.id, { userId: kim.id });
    await until('it was asked again and again', TRIED_MS_MAX, () => office.askedInVain >= 3);
    expect(await office.service.app.get(Activity).snapshot()).toMatchObject({ messages: 1 });
    expect([await office.subjects(kim), (await fate(kim)).state]).toEqual([[], 'planned']);
    office.isUserDown = false;
    await office.service.settled();
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
  });

  it('is never reached is parked in the end, and goes out when somebody resumes it', async () => {
    const kim = office.person('Kim');
    await office.fault({ path: MAIL, mode: 'unavailable_503', times: 1_000 });
    await office.service.deliver('user.registered', kim.id, { userId: kim.id });
    await until('it is parked', TRIED_MS_MAX, async () => {
      await office.service.sql.query('update messages set attempts = greatest(attempts, 13), next_at = now() where state = $1', ['planned']);
      return (await fate(kim)).state === 'parked';
    });
    const admin = { id: idOf('usr'), sessionId: idOf('ses'), roles: ['admin'] as const };
    const { messages } = await office.as(admin).getParkedMessages({});
    expect(messages.map(({ userId, channel, reason }) => [userId, channel, reason])).toEqual([[kim.id, 'email', 'answered_503']]);
    await expect(office.as(kim).getParkedMessages({})).rejects.toMatchObject({ kind: 'forbidden' });
    await office.noFaults();
    for (const messageId of [idOf('ntf'), 'nonsense']) await expect(office.as(admin).resumeParkedMessages({ messageId })).rejects.toMatchObject({ kind: 'not_found', code: 'notification.parked_not_found' });
    expect((await office.as(admin).resumeParkedMessages({ messageId: messages[0]?.id ?? '' })).resumed).toBe(1);
    await expect(office.as(admin).resumeParkedMessages({ messageId: messages[0]?.id ?? '' })).rejects.toMatchObject({ kind: 'not_found' });
    expect((await office.as(admin).resumeParkedMessages({})).resumed).toBe(0);
    await office.service.settled();
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
  });

  it('would be asked when the process breaks before the call is not asked twice', async () => {
    const [kim, lou] = [office.person('Kim'), office.person('Lou')];
    const once = () => {
      armFailpoint('notification.beforeSend', () => undefined);
      throw new Error('broken before');
    };
    armFailpoint('notification.beforeSend', once);
    await welcome(kim);
    armFailpoint('notification.beforeSend', once);
    await warning(lou);
    expect([await office.subjects(kim), await office.subjects(lou)]).toEqual([[], ['Your account is suspended']]);
  });

  it('was asked when the process broke before it was noted is found, and not asked again', async () => {
    const [kim, lou] = [office.person('Kim'), office.person('Lou')];
    const once = () => {
      armFailpoint('notification.afterSendBeforeMark', () => undefined);
      throw new Error('broken after');
    };
    armFailpoint('notification.afterSendBeforeMark', once);
    await welcome(kim);
    armFailpoint('notification.afterSendBeforeMark', once);
    await warning(lou);
    expect([await office.subjects(kim), await office.subjects(lou)]).toEqual([['Welcome to Pairwise'], ['Your account is suspended']]);
    expect([(await fate(kim)).state, (await fate(lou)).state]).toEqual(['sent', 'sent']);
  });

  it('was being asked by a process that was killed is asked by the next at once, and left to a process that lives', async () => {
    const { app, sql } = office.service;
    const kim = office.person('Kim');
    office.isUserDown = true;
    await office.service.deliver('user.registered', kim.id, { userId: kim.id });
    const take = (holder: string) =>
      sql.query<{ id: string }>(`update messages set next_at = now() + interval '1 hour', leased_until = now() + interval '1 hour', lease_holder = ${holder} where state = 'planned' and leased_until is null returning id`);
    const leased = async (holder: string) => {
      let taken: { id: string }[] = [];
      await until('nobody is at work on it', 20_000, async () => (taken = await take(holder)).length > 0);
      await app.get(Messages, { strict: false }).freeLeases(taken.map(({ id }) => typeId('ntf', id)));
      return (await sql.query(`select from messages where state = 'planned' and leased_until is not null`)).length > 0;
    };
    expect(await leased(`current_setting('application_name')`)).toBe(true);
    await sql.query('update messages set leased_until = null');
    expect(await leased(`'pairwise-notification-of-the-dead'`)).toBe(false);
    office.isUserDown = false;
    await sql.query('update messages set next_at = now() where next_at > now()');
    await office.service.settled();
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
  });

  it.each(['when it is to be put off', 'after it has been taken'])('is asked within seconds of the database, which went away %s', async (moment) => {
    const messages = office.service.app.get(Messages, { strict: false });
    const away = () => Promise.reject(new AppError('unavailable', 'postgres.unavailable', 'The database cannot be reached at the moment.'));
    const kim = office.person('Kim');
    if (moment === 'after it has been taken') {
      const take = messages.take.bind(messages);
      jest.spyOn(messages, 'take').mockImplementation(async (limit, now) => {
        const taken = await take(limit, now);
        if (taken.length === 0) return taken;
        jest.restoreAllMocks();
        return away();
      });
    } else {
      await office.fault({ path: MAIL, mode: 'unavailable_503' });
      jest.spyOn(messages, 'move').mockImplementationOnce(messages.move.bind(messages)).mockImplementationOnce(away);
      jest.spyOn(messages, 'later').mockImplementationOnce(away);
    }
    await welcome(kim);
    expect(await office.subjects(kim)).toEqual(['Welcome to Pairwise']);
    expect(await fate(kim)).toMatchObject({ state: 'sent' });
    jest.restoreAllMocks();
  });

  it('has them in flight when the service is stopped loses none and doubles none', async () => {
    const people = Array.from({ length: 40 }, (_, i) => office.person(`P${i}`));
    for (const { id } of people) await office.service.deliver('user.registered', id, { userId: id });
    await office.service.restart();
    await office.service.settled();
    for (const person of people) expect(await office.subjects(person)).toEqual(['Welcome to Pairwise']);
  });
});
