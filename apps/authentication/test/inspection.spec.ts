import { randomUUID } from 'node:crypto';
import { type AuthTask, AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { armFailpoint } from '@libs/kernel/failpoint';
import { type IdPrefix, typeId, uuidOfOwn } from '@libs/kernel/ids';
import type { CallUser, Role } from '@libs/rpc/call-context';
import { startTestService, type TestService } from '@libs/testing/start-test-service';
import { AuthenticationModule } from '../src/authentication.module';

const newId = (prefix: IdPrefix) => typeId(prefix, randomUUID());
const user = (...roles: Role[]): CallUser => ({ id: newId('usr'), sessionId: newId('ses'), roles: ['buyer', 'seller', ...roles] });
const kinds = ['box', 'authenticity_markers', 'size', 'condition'];

describe('the inspection floor', () => {
  let service: TestService;
  const [amy, bea, cal] = [user('authenticator'), user('authenticator'), user('authenticator')];
  const [admin, stranger] = [user('admin'), user()];
  beforeAll(async () => {
    service = await startTestService(AuthenticationModule);
  }, 60_000);
  afterAll(() => service.stop());
  afterEach(() => armFailpoint('authentication.afterVerdict', () => undefined));

  const as = (caller: CallUser) => service.client(AuthenticationService, caller);
  const order = (over: object = {}) => ({ orderId: newId('ord'), productId: newId('prd'), size: '9', buyerId: newId('usr'), sellerId: newId('usr'), ...over });

  /** A paid order whose label is printed. */
  async function paid(given = order()) {
    const tracking = `TRK${randomUUID()}`;
    await service.deliver('order.created', given.orderId, given);
    await service.deliver('order.label_ready', given.orderId, { orderId: given.orderId, leg: 'inbound', tracking });
    await service.settled();
    return { ...given, tracking };
  }

  async function arrived(given = order()): Promise<AuthTask> {
    const { tracking } = await paid(given);
    const { task } = await as(amy).recordIntake({ tracking });
    if (!task) throw new Error('it went astray');
    return task;
  }

  async function claimed(by = amy): Promise<AuthTask> {
    const { id } = await arrived();
    const { task } = await as(by).claimAuthTask({ taskId: id });
    if (!task) throw new Error('not claimed');
    return task;
  }

  async function passChecks(taskId: string, by = amy, among = kinds): Promise<void> {
    for (const kind of among) await as(by).recordCheck({ taskId, check: { kind, result: 'pass' } });
  }

  async function failedOnce(): Promise<AuthTask> {
    const task = await claimed();
    await as(amy).completeAuth({ taskId: task.id, verdict: 'fail', reasons: ['used'] });
    return task;
  }

  const told = async (orderId: string) => (await service.published()).filter(({ key }) => key === orderId);
  const lapse = (taskId: string) => service.sql.query(`update inspections set claimed_until = now() - interval '1 second' where id = $1`, [uuidOfOwn('ins', taskId)]);

  describe('a parcel', () => {
    it('is received once, however often it is scanned', async () => {
      const { orderId, tracking } = await paid();
      const first = await as(amy).recordIntake({ tracking });
      const again = await as(bea).recordIntake({ orderId });
      expect(first.task).toMatchObject({ orderId, state: 'queued' });
      expect(again.task?.id).toBe(first.task?.id);
      expect((await told(orderId)).map(({ name }) => name)).toEqual(['inspection.received']);
    });

    it('of an order that was told twice is one task', async () => {
      const given = order();
      const { again } = await service.deliver('order.created', given.orderId, given);
      await again();
      await service.settled();
      const { task } = await as(amy).recordIntake({ orderId: given.orderId });
      const { taskId } = await service.client(AuthenticationService, 'order').createAuthTask(given);
      expect(taskId).toBe(task?.id);
    });

    it('of nobody\'s order is a stray, until an admin says what becomes of it', async () => {
      const tracking = `NOBODY${randomUUID()}`;
      const { stray, task } = await as(amy).recordIntake({ tracking, note: 'A wet box.' });
      expect(task).toBeUndefined();
      expect((await as(bea).recordIntake({ tracking })).stray?.id).toBe(stray?.id);
      expect((await as(admin).getStrayParcels({ limit: 100 })).parcels.map(({ id }) => id)).toContain(stray?.id);
      await expect(as(amy).resolveStrayParcel({ parcelId: stray?.id, resolution: 'Kept.' })).rejects.toMatchObject({ kind: 'forbidden' });
      const { parcel } = await as(admin).resolveStrayParcel({ parcelId: stray?.id, resolution: 'Sent back.' });
      expect(parcel?.resolvedAt).toBeDefined();
      expect((await as(admin).resolveStrayParcel({ parcelId: stray?.id, resolution: 'Kept.' })).parcel?.resolution).toBe('Sent back.');
      expect((await as(admin).getStrayParcels({ limit: 100 })).parcels.map(({ id }) => id)).not.toContain(stray?.id);
    });

    it('of a cancelled order is a stray', async () => {
      const { orderId, tracking } = await paid();
      await service.deliver('order.cancelled', orderId, { orderId, wasPaid: true });
      await service.settled();
      expect((await as(amy).recordIntake({ tracking })).stray?.tracking).toBe(tracking);
      expect(await told(orderId)).toEqual([]);
    });

    it('that had arrived when its order was cancelled becomes a stray', async () => {
      const { id, orderId } = await arrived();
      await service.deliver('order.cancelled', orderId, { orderId, wasPaid: true });
      await service.settled();
      expect((await as(amy).getAuthTasks({ taskId: id })).tasks[0]?.state).toBe('cancelled');
      expect((await as(admin).getStrayParcels({ limit: 100 })).parcels.map((parcel) => parcel.orderId)).toContain(orderId);
      await expect(as(amy).claimAuthTask({ taskId: id })).rejects.toMatchObject({ code: 'authentication.wrong_state' });
    });

    it('must be named', () => expect(as(amy).recordIntake({})).rejects.toMatchObject({ code: 'authentication.parcel_unnamed' }));
  });

  describe('a claim', () => {
    it('is one person\'s', async () => {
      const { id } = await claimed();
      await expect(as(bea).claimAuthTask({ taskId: id })).rejects.toMatchObject({ code: 'authentication.task_locked' });
      await expect(as(bea).recordCheck({ taskId: id, check: { kind: 'box', result: 'pass' } })).rejects.toMatchObject({ code: 'authentication.claim_lost' });
      expect((await as(amy).getAuthTasks({ taskId: id })).tasks[0]).toMatchObject({ state: 'claimed', claimedByMe: true });
      expect((await as(bea).getAuthTasks({ taskId: id })).tasks[0]).toMatchObject({ state: 'claimed', claimedByMe: false });
    });

    it('lapses, and then is anybody\'s', async () => {
      const { id } = await claimed();
      await passChecks(id);
      await lapse(id);
      await expect(as(amy).completeAuth({ taskId: id, verdict: 'pass' })).rejects.toMatchObject({ code: 'authentication.claim_lost' });
      await expect(as(amy).renewClaim({ taskId: id })).rejects.toMatchObject({ code: 'authentication.claim_lost' });
      expect((await as(bea).claimAuthTask({ taskId: id })).task).toMatchObject({ claimedByMe: true });
    });

    it('notes no check over one that was not seen', async () => {
      const { id } = await claimed();
      const { version: seen = 0n } = (await as(amy).getAuthTasks({ taskId: id })).tasks[0] ?? {};
      const check = { taskId: id, check: { kind: 'box', result: 'pass' }, expectedVersion: seen };
      const { task } = await as(amy).recordCheck(check);
      await expect(as(amy).recordCheck({ ...check, check: { kind: 'box', result: 'fail' } })).rejects.toMatchObject({ code: 'authentication.stale' });
      expect(task?.version).toBe(seen + 1n);
      expect((await as(amy).getAuthTasks({ taskId: id })).tasks[0]).toMatchObject({ checks: [{ kind: 'box', result: 'pass' }] });
    });

    it('is renewed and given back', async () => {
      const { id } = await claimed();
      expect((await as(amy).renewClaim({ taskId: id })).task?.claimedByMe).toBe(true);
      await as(amy).releaseAuthTask({ taskId: id });
      expect((await as(bea).claimAuthTask({ taskId: id })).task?.claimedByMe).toBe(true);
    });

    it('of the next pair never gives one pair to two people', async () => {
      const free = await Promise.all([arrived(), arrived(), arrived()]);
      const people = Array.from({ length: 8 }, () => user('authenticator'));
      const results = await Promise.allSettled(people.map((person) => as(person).claimAuthTask({})));
      const ids = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.task?.id] : []));
      expect(new Set(ids).size).toBe(ids.length);
      expect(free.every(({ id }) => ids.includes(id))).toBe(true);
    });
  });

  describe('a verdict', () => {
    it('is a pass with every check passed, told once', async () => {
      const { id, orderId } = await claimed();
      await passChecks(id, amy, kinds.slice(1));
      await expect(as(amy).completeAuth({ taskId: id, verdict: 'pass' })).rejects.toMatchObject({ code: 'authentication.checks_missing', details: { checks: 'box' } });
      await passChecks(id);
      const { task } = await as(amy).completeAuth({ taskId: id, verdict: 'pass' });
      expect(task).toMatchObject({ state: 'completed', verdict: 'pass' });
      await expect(as(amy).completeAuth({ taskId: id, verdict: 'fail', reasons: ['used'] })).rejects.toMatchObject({ code: 'authentication.already_decided' });
      expect((await told(orderId)).filter(({ name }) => name === 'inspection.completed').map(({ event }) => event)).toMatchObject([{ verdict: 'pass', reasons: [] }]);
    });

    it('of a fail waits for a second authenticator', async () => {
      const { id, orderId } = await failedOnce();
      expect((await told(orderId)).map(({ name }) => name)).toEqual(['inspection.received']);
      await expect(as(amy).reviewAuth({ taskId: id, verdict: 'fail', reasons: ['used'] })).rejects.toMatchObject({ code: 'authentication.same_authenticator' });
      const seen = (await as(bea).getAuthTasks({ taskId: id })).tasks[0];
      expect(seen).toMatchObject({ state: 'awaiting_review', verdict: '', reasons: [] });
      const { task } = await as(bea).reviewAuth({ taskId: id, verdict: 'fail', reasons: ['damaged_box'] });
      expect(task).toMatchObject({ state: 'completed', verdict: 'fail', reasons: ['used', 'damaged_box'] });
      expect((await told(orderId)).at(-1)?.event).toMatchObject({ verdict: 'fail', reasons: ['used', 'damaged_box'] });
    });

    it('of two who disagree is an admin\'s', async () => {
      const { id, orderId } = await failedOnce();
      await as(bea).reviewAuth({ taskId: id, verdict: 'pass' });
      expect((await as(admin).getAuthTasks({ state: 'disagreement', limit: 100 })).tasks.map((task) => task.id)).toContain(id);
      await expect(as(cal).decideAuth({ taskId: id, verdict: 'pass', reason: 'Fine.' })).rejects.toMatchObject({ kind: 'forbidden' });
      await expect(as(admin).decideAuth({ taskId: id, verdict: 'pass' })).rejects.toMatchObject({ code: 'authentication.text_missing' });
      const { task } = await as(admin).decideAuth({ taskId: id, verdict: 'pass', reason: 'Fine.' });
      expect(task).toMatchObject({ state: 'completed', verdict: 'pass' });
      expect((await told(orderId)).filter(({ name }) => name === 'inspection.completed')).toHaveLength(1);
    });

    it('is written once, though two second opinions come at the same moment', async () => {
      const { id, orderId } = await failedOnce();
      const results = await Promise.allSettled([bea, cal].map((person) => as(person).reviewAuth({ taskId: id, verdict: 'fail', reasons: ['used'] })));
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect((await told(orderId)).filter(({ name }) => name === 'inspection.completed')).toHaveLength(1);
    });

    it('is not half written when the process dies over it', async () => {
      const { id, orderId } = await claimed();
      await passChecks(id);
      armFailpoint('authentication.afterVerdict', () => { throw new Error('killed'); });
      await expect(as(amy).completeAuth({ taskId: id, verdict: 'pass' })).rejects.toThrow();
      armFailpoint('authentication.afterVerdict', () => undefined);
      expect((await as(amy).getAuthTasks({ taskId: id })).tasks[0]).toMatchObject({ state: 'claimed', verdict: '' });
      await as(amy).completeAuth({ taskId: id, verdict: 'pass' });
      expect((await told(orderId)).filter(({ name }) => name === 'inspection.completed')).toHaveLength(1);
    });

    it('sent again by the same person is answered again, and another word of theirs is refused', async () => {
      const { id, orderId } = await claimed();
      await passChecks(id);
      const first = await as(amy).completeAuth({ taskId: id, verdict: 'pass' });
      expect(await as(amy).completeAuth({ taskId: id, verdict: 'pass' })).toEqual(first);
      await expect(as(amy).completeAuth({ taskId: id, verdict: 'fail', reasons: ['used'] })).rejects.toMatchObject({ kind: 'conflict', code: 'authentication.already_decided' });
      await expect(as(bea).completeAuth({ taskId: id, verdict: 'pass' })).rejects.toMatchObject({ kind: 'conflict', code: 'authentication.already_decided' });
      expect((await told(orderId)).filter(({ name }) => name === 'inspection.completed')).toHaveLength(1);
    });

    it('of a second person and of an admin may be sent again as well, with the same reasons', async () => {
      const { id } = await failedOnce();
      const other = { taskId: id, verdict: 'pass' };
      const review = await as(bea).reviewAuth(other);
      expect((await as(bea).reviewAuth(other)).task).toMatchObject({ state: 'disagreement', version: review.task?.version });
      await expect(as(bea).reviewAuth({ taskId: id, verdict: 'fail', reasons: ['used'] })).rejects.toMatchObject({ kind: 'conflict' });
      const decided = await as(admin).decideAuth({ taskId: id, verdict: 'fail', reasons: ['used', 'odour'], reason: 'Smells.' });
      expect(await as(admin).decideAuth({ taskId: id, verdict: 'fail', reasons: ['odour', 'used'], reason: 'Smells.' })).toEqual(decided);
      await expect(as(admin).decideAuth({ taskId: id, verdict: 'fail', reasons: ['used'], reason: 'Smells.' })).rejects.toMatchObject({ code: 'authentication.already_decided' });
    });

    it('and every opinion stays as it was given, whoever holds the database', async () => {
      await failedOnce();
      await expect(service.sql.query(`update opinions set verdict = 'pass'`)).rejects.toThrow('append-only');
      await expect(service.sql.query(`delete from opinions`)).rejects.toThrow('append-only');
    });

    it.each([
      ['reasons that nobody knows', 'fail', ['ugly'], 'authentication.value_unknown'],
      ['a fail without reasons', 'fail', [], 'authentication.reasons_missing'],
      ['another word', 'maybe', [], 'authentication.value_unknown'],
    ])('is refused for %s', async (_what, verdict, reasons, code) => {
      const { id } = await claimed();
      await expect(as(amy).completeAuth({ taskId: id, verdict, reasons })).rejects.toMatchObject({ kind: 'rejected', code });
    });
  });

  describe('nobody', () => {
    it('sees, takes, or judges a trade of their own', async () => {
      const { id, orderId } = await arrived(order({ sellerId: bea.id, buyerId: cal.id }));
      for (const party of [bea, cal]) {
        await expect(as(party).getAuthTasks({ taskId: id })).rejects.toMatchObject({ code: 'authentication.own_trade' });
        await expect(as(party).claimAuthTask({ taskId: id })).rejects.toMatchObject({ code: 'authentication.own_trade' });
        expect((await as(party).getAuthTasks({ limit: 100 })).tasks.map((task) => task.id)).not.toContain(id);
      }
      await as(amy).claimAuthTask({ taskId: id });
      await as(amy).completeAuth({ taskId: id, verdict: 'fail', reasons: ['used'] });
      await expect(as(bea).reviewAuth({ taskId: id, verdict: 'pass' })).rejects.toMatchObject({ code: 'authentication.own_trade' });
      expect((await told(orderId)).map(({ name }) => name)).toEqual(['inspection.received']);
    });

    it('without the role gets in', async () => {
      const { id } = await arrived();
      const tries = [
        () => as(stranger).getAuthTasks({}), () => as(stranger).recordIntake({ tracking: 'x' }), () => as(stranger).claimAuthTask({}),
        () => as(stranger).completeAuth({ taskId: id, verdict: 'pass' }), () => as(stranger).decideAuth({ taskId: id, verdict: 'pass', reason: 'x' }),
        () => as(stranger).getStrayParcels({}), () => as(stranger).createAuthTask(order()), () => service.client(AuthenticationService).createAuthTask(order()),
      ];
      for (const attempt of tries) await expect(attempt()).rejects.toMatchObject({ kind: 'forbidden' });
    });
  });

  it('pages its queue, oldest first', async () => {
    const mine = [(await arrived()).id, (await arrived()).id];
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await as(amy).getAuthTasks({ limit: 2, cursor });
      expect(page.tasks.length).toBeLessThanOrEqual(2);
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== '');
    expect(seen).toEqual([...seen].sort());
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(mine));
    for (const other of ['nonsense', `ins_${'z'.repeat(26)}`, `par_${'z'.repeat(26)}`]) {
      await expect(as(amy).getAuthTasks({ cursor: other })).rejects.toMatchObject({ code: 'authentication.cursor_invalid' });
      await expect(as(admin).getStrayParcels({ cursor: other })).rejects.toMatchObject({ code: 'authentication.cursor_invalid' });
    }
  });
});
