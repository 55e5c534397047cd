import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { uuidOf } from '@libs/kernel/ids';
import { until } from '@libs/testing/exchange-process';
import type { TestService } from '@libs/testing/start-test-service';
import { FIREFOX, newEmail, PASSWORD, Person, Postbox, START_MS_MAX, startUserService } from './people';

const postbox = new Postbox();
let service: TestService;
beforeAll(async () => {
  service = await startUserService({}, postbox);
}, START_MS_MAX);
afterAll(() => service.stop());

const messagesOf = (person: Person) =>
  service.sql.query<{ state: string; sealed: string | null; reason: string | null; attempts: number }>('select state, sealed, reason, attempts from account_messages where user_id = $1', [uuidOf('usr', person.user.id)]);
const triesTo = (email: string) => postbox.tries.filter(({ to }) => to === email);
const stateBecomes = (person: Person, state: string) => until(() => `the message is ${state}`, 20_000, async () => (await messagesOf(person)).some((row) => row.state === state));

describe('a message to hand over', () => {
  it('is kept until notification has taken it, with the same key at every try, and then neither the address nor the token is left', async () => {
    const email = newEmail();
    postbox.troubles.push('down', 'lost');
    const ann = await Person.registers(service, email);
    await stateBecomes(ann, 'handed_over');
    expect(triesTo(email)).toHaveLength(3);
    expect(new Set(triesTo(email).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(new Set(triesTo(email).map(({ token }) => token)).size).toBe(1);
    expect(postbox.to(email)).toEqual(['verify_email']);
    expect(await messagesOf(ann)).toEqual([{ state: 'handed_over', sealed: null, reason: null, attempts: 3 }]);
  });

  it('is handed over after a restart, also when it was being handed over as the service ended', async () => {
    postbox.troubles.push('down', 'lost');
    const [ann, bob] = [await Person.registers(service), await Person.registers(service)];
    await until('both first tries have failed', 30_000, async () => triesTo(ann.user.email).length + triesTo(bob.user.email).length >= 2);
    // As a process leaves them that is killed while it waits for the answers: leased, until the lease is over.
    await service.sql.query(`update account_messages set next_try_at = now() + interval '30 seconds' where state = 'planned'`);
    await service.restart();
    await service.settled();
    await service.sql.query(`update account_messages set next_try_at = now() where state = 'planned'`);
    for (const person of [ann, bob]) await stateBecomes(person, 'handed_over');
    for (const { user } of [ann, bob]) {
      expect(postbox.to(user.email)).toEqual(['verify_email']);
      expect(new Set(triesTo(user.email).map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    }
  });

  it('is dropped, with the reason, when notification will never take it', async () => {
    postbox.troubles.push('refused');
    const ann = await Person.registers(service);
    await stateBecomes(ann, 'dropped');
    expect(await messagesOf(ann)).toEqual([{ state: 'dropped', sealed: null, reason: 'notification.kind_unknown', attempts: 1 }]);
  });

  it('is not sent when its link has expired before it could be', async () => {
    postbox.troubles.push(...Array.from({ length: 100 }, () => 'down' as const));
    const ann = await Person.registers(service);
    await until('the first try has failed', 30_000, () => triesTo(ann.user.email).length > 0);
    await service.sql.query(`update account_messages set expires_at = now() - interval '1 second', next_try_at = now() where user_id = $1`, [uuidOf('usr', ann.user.id)]);
    await stateBecomes(ann, 'dropped');
    postbox.troubles.length = 0;
    expect(await messagesOf(ann)).toMatchObject([{ reason: 'expired', sealed: null }]);
    expect(postbox.to(ann.user.email)).toEqual([]);
  });

  it('shows its token nowhere: not in a table, not in an event, not in the log, before or after (I5)', async () => {
    const email = newEmail('canary');
    postbox.troubles.push('down');
    const ann = await Person.registers(service, email);
    await until('the first try has failed', 30_000, () => triesTo(email).length > 0);
    await service.client(UserService).forgotPassword({ email });
    const look = async () => {
      const written = [service.logs.join('\n'), JSON.stringify(await service.published(), (_, value) => (typeof value === 'bigint' ? String(value) : value))];
      for (const table of ['users', 'mailed_tokens', 'account_messages', 'email_changes', 'outbox']) written.push(JSON.stringify(await service.sql.query(`select (t.*)::text as row from ${table} t`)));
      return written;
    };
    const texts = await look();
    await stateBecomes(ann, 'handed_over');
    texts.push(...(await look()));
    const tokens = triesTo(email).map(({ token }) => token);
    for (const text of texts) for (const token of tokens) expect(text).not.toContain(token);
    for (const text of [...texts.slice(0, 2), ...texts.slice(7, 9), texts[4]]) expect(text).not.toContain(email);
  });

  it('stays usable through many at once', async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => Person.registers(service)));
    await service.settled();
    for (const { user } of people) expect(postbox.to(user.email)).toEqual(['verify_email']);
    await service.client(UserService).login({ email: people[0]?.user.email ?? '', password: PASSWORD, client: FIREFOX });
  });
});
