import { until } from '@libs/testing/exchange-process';
import { PostOffice } from './post-office';

const PEOPLE = 50;
const ROUNDS = 4;
const DONE_MS_MAX = 100_000;
const ALWAYS = 1_000_000;
jest.setTimeout(120_000);

/** The full number runs in the bench: `npm run bench -- --only notifications`. */
it('of many messages, with providers that refuse some and leave some unanswered, each is delivered once or given up with a reason', async () => {
  const office = await PostOffice.open();
  try {
    for (const path of ['/v3/mail/send', '/2010-04-01/Accounts/*/Messages.json']) {
      await office.fault({ path, method: 'POST', mode: 'unavailable_503', percent: 2, times: ALWAYS });
      await office.fault({ path, method: 'POST', mode: 'timeout_after_apply', percent: 2, times: ALWAYS, delayMs: 100 });
    }
    const people = Array.from({ length: PEOPLE }, (_, i) => office.person(`P${i}`, `+1503555${2_000 + i}`));
    for (let round = 0; round < ROUNDS; round++) {
      for (const { id } of people) await office.service.deliver('user.suspended', id, { userId: id, scope: 'buying', reason: 'why' });
    }
    const open = async () => (await office.service.sql.query<{ n: number }>('select count(*) as n from messages where ended_at is null'))[0]?.n;
    const planned = async () => (await office.service.sql.query<{ n: number }>('select count(*) as n from messages'))[0]?.n;
    await until('every message has its end', DONE_MS_MAX, async () => (await planned()) === PEOPLE * ROUNDS * 3 && (await open()) === 0);
    const fates = await office.service.sql.query<{ channel: string; state: string; messages: number }>('select channel, state, count(*) as messages from messages group by 1, 2 order by 1, 2');
    expect(fates).toEqual(['email', 'inbox', 'sms'].map((channel) => ({ channel, state: 'sent', messages: PEOPLE * ROUNDS })));
    const sent = await office.outbox();
    expect(sent.filter(({ channel }) => channel === 'sms')).toHaveLength(PEOPLE * ROUNDS);
    const mails = sent.filter(({ channel }) => channel === 'email').map(({ reference }) => reference);
    expect([mails.length, new Set(mails).size]).toEqual([PEOPLE * ROUNDS, PEOPLE * ROUNDS]);
  } finally {
    await office.close();
  }
});
