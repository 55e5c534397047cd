import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { ConfigError } from '../config';
import { startService } from '../start-service';
import { TallyModule } from './tally-service';

const ann: CallUser = { id: 'usr_ann', sessionId: 'ses_1', roles: ['buyer'] };
let activeAsks = 2;
let tally: TestService;

const json = async (path: string) => {
  const answer = await fetch(`${tally.internalUrl}${path}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const refusalOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const countOf = async () => (await refusalOf(tally.client(AuthenticationService).renewClaim({})) as { details: { users: string } }).details.users;

beforeAll(async () => {
  tally = await startTestService(TallyModule, { fakes: [[BiddingService, { countActiveAsks: async ({ marketId }) => ({ activeAsks: marketId === 'tally' ? activeAsks : 0 }) }]] });
}, 60_000);
afterAll(() => tally.stop());

describe('a service on the chassis', () => {
  it('answers over its contract, asks its neighbours, and keeps what it is told', async () => {
    const { taskId } = await tally.client(AuthenticationService, ann).createAuthTask({});
    expect(taskId).toMatch(/^tsk_[0-9a-z]{26}$/);
    expect(await tally.sql.query('select * from tallies where user_id = $1', [ann.id])).toEqual([{ user_id: ann.id, bids: 2 }]);
  });

  it('refuses in its own words, with the business time that the test has set', async () => {
    activeAsks = 9;
    tally.clock.passes({ days: 3, hours: 1 });
    expect(await refusalOf(tally.client(AuthenticationService, ann).createAuthTask({}))).toMatchObject({ code: 'tally.too_many', message: 'At 2026-03-05T13:00:00.000Z too many.' });
  });

  it('knows no user on a call that names none', async () => {
    expect(await refusalOf(tally.client(AuthenticationService).createAuthTask({}))).toMatchObject({ code: 'rpc.user_missing' });
    expect(await refusalOf(tally.client(AuthenticationService, 'order').createAuthTask({}))).toMatchObject({ code: 'rpc.user_missing' });
  });

  it('takes each event once, however often it is delivered, and announces its own', async () => {
    const before = Number(await countOf());
    const { again } = await tally.deliver('user.registered', 'usr_bob', { userId: 'usr_bob' });
    await again();
    await tally.deliver('user.registered', 'usr_eve', { userId: 'usr_eve' });
    await tally.settled();
    expect(Number(await countOf())).toBe(before + 2);
    expect((await tally.publishedOf('inspection.received')).map(({ key, kseq, event }) => [key, kseq, event.orderId]).sort()).toEqual([['usr_bob', 1, 'usr_bob'], ['usr_eve', 1, 'usr_eve']]);
  });

  it('leaves events on the bus while its consumer is paused, and takes them afterwards', async () => {
    const before = await countOf();
    await tally.restart({ CONSUMERS_PAUSED: 'user,authentication' });
    await tally.deliver('user.registered', 'usr_late', { userId: 'usr_late' });
    await tally.settled();
    expect(await countOf()).toBe(before);
    await tally.restart();
    await tally.settled();
    expect(await countOf()).toBe(String(Number(before) + 1));
  });

  it('keeps what it has committed when it stops, and does not repeat it', async () => {
    const before = await countOf();
    await tally.restart();
    await tally.settled();
    expect(await countOf()).toBe(before);
    expect(await tally.publishedOf('inspection.received')).toHaveLength(3);
  });

  it('tells its operator whether it lives, is ready, and what is left to do', async () => {
    expect(await json('/health/live')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await json('/health/startup')).toMatchObject({ status: 200, body: { started: true, details: { 'do not answer': [], outbox: { events: 0 } } } });
    expect(await json('/health/ready')).toMatchObject({ status: 200, body: { ready: true, failing: {} } });
    expect((await json('/activity')).body).toMatchObject({ rpc: 0, outbox: 0, events: 0 });
    expect((await json('/nothing')).status).toBe(404);
  });

  it('counts its calls by outcome', async () => {
    await tally.client(AuthenticationService).renewClaim({}).catch(() => undefined);
    const metrics = await (await fetch(`${tally.internalUrl}/metrics`)).text();
    expect(metrics).toMatch(/rpc_server_duration_seconds_count\{method="RenewClaim",code="conflict",service="authentication"\} \d/);
    expect(metrics).toContain('nodejs_eventloop_lag_seconds{quantile="0.99"');
  });

  it('logs lines of JSON', () => {
    const ready = tally.logs.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ msg }) => msg === 'ready');
    expect(ready).toMatchObject({ level: 'info', service: 'authentication', ts: expect.stringMatching(/^\d{4}-.*Z$/) });
  });

  it('refuses to start on a wrong configuration, and names every wrong key at once', async () => {
    const env = { TALLY_LIMIT: 'many', LOG_LEVEL: 'loud', AUTHENTICATION_INTERNAL_PORT: '99999', AUTHENTICATION_DATABASE_URL: 'mysql://x' };
    const refused = await refusalOf(startService(TallyModule, { env }));
    expect(refused).toBeInstanceOf(ConfigError);
    const keys = (refused as ConfigError).problems.map((problem) => problem.split(':')[0]).sort();
    expect(keys).toEqual(['AUTHENTICATION_DATABASE_URL', 'AUTHENTICATION_INTERNAL_PORT', 'BUS_DATABASE_URL', 'LOG_LEVEL', 'SERVICE_JWKS_FILE', 'SERVICE_KEY_FILE', 'TALLY_LIMIT']);
  });
});
