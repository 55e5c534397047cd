import { OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import type { CallUser } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { until } from '@libs/testing/exchange-process';
import { TallyModule } from './tally-service';

const admin: CallUser = { id: 'usr_admin', sessionId: 'ses_1', roles: ['admin'] };
const bob: CallUser = { id: 'usr_bob', sessionId: 'ses_2', roles: ['buyer', 'seller', 'authenticator'] };
let tally: TestService;

const operations = (user: CallUser = admin) => tally.client(OperationsService, user);
const refusalOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const letters = async () => (await operations().getDeadLetters({})).deadLetters;

/** An event that its handler cannot take, as long as somebody is counted already. */
async function parks(user: string): Promise<string> {
  await tally.sql.query('insert into tallies (user_id, bids) values ($1, 0)', [user]);
  await tally.deliver('user.registered', user, { userId: user });
  await until('the event is parked', 30_000, async () => (await letters()).some(({ key }) => key === user));
  return `authentication~users~${user}~1`;
}

beforeAll(async () => {
  tally = await startTestService(TallyModule, { fakes: [[BiddingService, {}]] });
}, 60_000);
afterAll(() => tally.stop());

describe('what a consumer could not take', () => {
  it('is shown to an admin with why it failed, how often, and what waits behind it', async () => {
    const id = await parks('usr_ann');
    await tally.deliver('user.registered', 'usr_ann', { userId: 'usr_ann2' });
    await until('the next one waits', 30_000, async () => (await letters())[0]?.waitingBehind === 1);
    const [letter] = await letters();
    expect(letter).toMatchObject({ id, service: 'authentication', topic: 'users', key: 'usr_ann', kseq: 1n, type: 'user.registered', attempts: 5, payloadJson: '' });
    expect(letter?.error).toContain('duplicate key');
    const { deadLetter } = await operations().getDeadLetter({ id });
    expect(JSON.parse(deadLetter?.payloadJson ?? '')).toEqual({ userId: 'usr_ann' });
  });

  it('is nobody else\'s to see or to decide', async () => {
    const id = 'authentication~users~usr_ann~1';
    const { getDeadLetters, getDeadLetter, retryDeadLetter, discardDeadLetter } = operations(bob);
    for (const asked of [getDeadLetters({}), getDeadLetter({ id }), retryDeadLetter({ id, reason: 'x' }), discardDeadLetter({ id, reason: 'x' })]) {
      expect(await refusalOf(asked)).toMatchObject({ code: 'rpc.role_missing' });
    }
  });

  it('takes effect when it is tried again after its cause is mended, and what waited follows', async () => {
    await tally.sql.query(`delete from tallies where user_id = 'usr_ann'`);
    await operations().retryDeadLetter({ id: 'authentication~users~usr_ann~1', reason: 'the double is gone' });
    await until('both have taken effect', 30_000, async () => (await tally.sql.query(`select user_id from tallies where user_id like 'usr_ann%'`)).length === 2);
    expect(await letters()).toEqual([]);
    expect(await refusalOf(operations().retryDeadLetter({ id: 'authentication~users~usr_ann~1', reason: 'again' }))).toMatchObject({ code: 'operations.dead_letter_not_found' });
  });

  it('comes back to the list when trying again was in vain', async () => {
    const id = await parks('usr_cal');
    await operations().retryDeadLetter({ id, reason: 'hope' });
    await until('it is parked again', 30_000, async () => (await letters()).some((letter) => letter.id === id && letter.attempts === 5));
  });

  it('is given up with a reason, and its key goes on behind it', async () => {
    const id = await parks('usr_dan');
    await tally.deliver('user.registered', 'usr_dan', { userId: 'usr_dan2' });
    expect(await refusalOf(operations().discardDeadLetter({ id, reason: '' }))).toMatchObject({ code: 'operations.reason_missing' });
    await operations().discardDeadLetter({ id, reason: 'counted by hand' });
    await until('the next one has taken effect', 30_000, async () => (await tally.sql.query(`select 1 as is from tallies where user_id = 'usr_dan2'`)).length === 1);
    const decisions = await tally.sql.query('select decision, decided_by, reason, key from parked_decisions order by at');
    expect(decisions.at(-1)).toEqual({ decision: 'discard', decided_by: 'usr_admin', reason: 'counted by hand', key: 'usr_dan' });
  });

  it('is listed page by page, newest first, each once', async () => {
    for (const user of ['usr_e1', 'usr_e2', 'usr_e3']) await parks(user);
    const seen: string[] = [];
    let cursor = '';
    do {
      const { deadLetters, nextCursor } = await operations().getDeadLetters({ limit: 2, cursor });
      seen.push(...deadLetters.map(({ key }) => key));
      cursor = nextCursor;
    } while (cursor !== '');
    expect(seen).toEqual(['usr_e3', 'usr_e2', 'usr_e1', 'usr_cal']);
    await until('the operator sees them in the metrics', 30_000, async () => /dead_letters\{(?=[^}]*topic="users")(?=[^}]*reason="\w+")[^}]*\} 4/.test(await (await fetch(`${tally.internalUrl}/metrics`)).text()));
    expect(await refusalOf(operations().getDeadLetters({ cursor: 'yesterday' }))).toMatchObject({ code: 'operations.cursor_invalid' });
  });
});
