import { Client } from 'pg';
import type { Trader } from '@libs/client/trader';
import { Story } from '@libs/testing/story';

const PEOPLE = 100;
const AT_ONCE = 16;
const SHARE_PERCENT = 2;
/** How long a call hangs that is never answered: less than our own patience, so that the bench measures work and not waiting. */
const SILENCE_MS = 300;
const ALWAYS = 1_000_000;
const CALLS = ['/v3/mail/send', '/2010-04-01/Accounts/*/Messages.json'];

export interface NotificationLoad {
  readonly messages: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** By channel, state and reason. */
  readonly fates: Readonly<Record<string, number>>;
  /** Messages that a provider has more than once. */
  readonly doubled: number;
  /** Neither delivered nor given up. */
  readonly open: number;
  readonly rssMb: Readonly<Record<string, number>>;
}

/** Everybody is suspended and reinstated again and again, of which each time a mail and a text message tell: planned first, then sent with the providers failing. */
export async function notificationLoad(count: number, say: (line: string) => void): Promise<NotificationLoad> {
  const story = await Story.begin({ env: { CONSUMERS_PAUSED: 'notification' } });
  try {
    const people = await audience(story);
    const events = Math.ceil(count / 2);
    await inParallel(events, (i) => tell(story, people[i % PEOPLE] as Trader, Math.floor(i / PEOPLE)));
    say(`${events} events for ${PEOPLE} people with a phone are waiting …`);
    for (const path of CALLS) {
      await story.world.fault({ path, method: 'POST', mode: 'unavailable_503', percent: SHARE_PERCENT, times: ALWAYS });
      await story.world.fault({ path, method: 'POST', mode: 'timeout_after_apply', percent: SHARE_PERCENT, times: ALWAYS, delayMs: SILENCE_MS });
    }
    await story.exchange.stop();
    await story.exchange.start({ env: { CONSUMERS_PAUSED: '' } });
    const start = performance.now();
    await story.exchange.settled(1_800_000);
    const seconds = (performance.now() - start) / 1000;
    return { ...(await outcome(story)), seconds, rssMb: story.exchange.memoryMb() };
  } finally {
    await story.end();
  }
}

async function audience(story: Story): Promise<Trader[]> {
  const people: Trader[] = [];
  await inParallel(PEOPLE, async (i) => {
    const person = await story.stranger(`U${i}`);
    const { version } = await person.api.get<{ version: number }>('/v1/me');
    await person.api.patch('/v1/me', { phone: `+1503555${1_000 + i}` }, version);
    people[i] = person;
  });
  return people;
}

async function tell(story: Story, { id }: Trader, round: number): Promise<void> {
  await story.admin.api.post(`/v1/admin/users/${id}/${round % 2 === 0 ? 'suspend' : 'reinstate'}`, { reason: 'bench' });
}

async function outcome(story: Story): Promise<Omit<NotificationLoad, 'seconds' | 'rssMb'> & { perSecond: number }> {
  const database = new Client({ connectionString: story.exchange.run.databases.notification });
  await database.connect();
  try {
    const SENT = `from messages where channel <> 'inbox'`;
    const { rows } = await database.query<{ fate: string; n: number }>(`select concat_ws(' ', channel, state, case when state <> 'sent' then reason end) as fate, count(*)::int as n ${SENT} group by 1 order by 1`);
    const { rows: [span] } = await database.query<{ seconds: number; open: number; messages: number }>(`select extract(epoch from max(ended_at) - min(created_at))::float as seconds, count(*) filter (where ended_at is null and state <> 'parked')::int as open, count(*)::int as messages ${SENT}`);
    const answer = await fetch(`${story.exchange.run.sandboxUrl}/control/outbox`);
    const { messages } = (await answer.json()) as { messages: { id: string; channel: string; reference: string | null }[] }; // The sandbox's own shape.
    const mails = messages.filter(({ channel }) => channel === 'email');
    const texts = messages.length - mails.length;
    const textsSent = rows.filter(({ fate }) => fate === 'sms sent').reduce((sum, { n }) => sum + n, 0);
    const doubled = mails.length - new Set(mails.map(({ reference }) => reference)).size + Math.max(0, texts - textsSent);
    const { seconds = 0, open = 0, messages: planned = 0 } = span ?? {};
    return { messages: planned, perSecond: Math.round(planned / Math.max(seconds, 0.001)), fates: Object.fromEntries(rows.map(({ fate, n }) => [fate, n])), doubled, open };
  } finally {
    await database.end();
  }
}

async function inParallel(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await work(next++);
  }));
}
