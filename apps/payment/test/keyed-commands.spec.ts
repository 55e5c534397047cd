import { AccountProvider } from '../src/application/provider';
import { admin, Till } from './till';

const bank = (idempotencyKey: string, bankToken = 'btok_us_verified') => ({ bankToken, country: 'US', idempotencyKey });

describe('A key', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => expect(till.complaints()).toEqual([]));

  const setups = () => till.requests('POST', /^\/v1\/setup_intents$/);
  const accounts = () => till.requests('POST', /^\/v1\/accounts$/);

  it('may be as long as the door allows', async () => {
    await till.as(till.user()).createSetupIntent({ idempotencyKey: 'x'.repeat(255) });
  });

  it('begins to add one card: the same answer again, from the same user alone', async () => {
    const [user, other] = [till.user(), till.user()];
    const before = (await setups()).length;
    const first = await till.as(user).createSetupIntent({ idempotencyKey: 'k' });
    const again = await till.as(user).createSetupIntent({ idempotencyKey: 'k' });
    expect(again).toMatchObject({ setupIntentId: first.setupIntentId, clientSecret: first.clientSecret });
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect((await till.as(other).createSetupIntent({ idempotencyKey: 'k' })).setupIntentId).not.toBe(first.setupIntentId);
    const sent = (await setups()).slice(before).map(({ idempotencyKey }) => idempotencyKey);
    expect(sent).toEqual([user, other].map(({ id }) => `setup:${id}:k`));
    expect((await till.service.sql.query(`select 1 from command_answers where answer::text like '%secret%'`))).toEqual([]);
  });

  it('whose answer was lost on the way is asked for at the provider by the same key, and makes nothing new', async () => {
    const user = till.user();
    const before = (await till.list('setup_intents?limit=100')).length;
    await till.fault('/v1/setup_intents', 'timeout_after_apply', 1, { method: 'POST' });
    await expect(till.as(user).createSetupIntent({ idempotencyKey: 'lost' })).rejects.toMatchObject({ code: 'payment.provider_unavailable' });
    expect(await till.as(user).createSetupIntent({ idempotencyKey: 'lost' })).toMatchObject({ replayed: false });
    expect(await till.list('setup_intents?limit=100')).toHaveLength(before + 1);
  });

  it('is refused for another body, and for another command', async () => {
    const user = till.user();
    await till.as(user).createPayoutAccount(bank('once'));
    const refused = { kind: 'rejected', code: 'payment.key_reused' };
    await expect(till.as(user).createPayoutAccount(bank('once', 'btok_us_noAccount'))).rejects.toMatchObject(refused);
    await expect(till.as(user).createSetupIntent({ idempotencyKey: 'once' })).rejects.toMatchObject(refused);
    expect(await till.as(user).getPayoutAccount({})).toMatchObject({ bankLast4: '6789' });
  });

  it('makes one payout account, and its answer stays as it was given whatever bank came after', async () => {
    const user = till.user();
    const before = (await accounts()).length;
    expect(await till.as(user).createPayoutAccount(bank('first'))).toMatchObject({ bankLast4: '6789', replayed: false });
    expect(await till.as(user).createPayoutAccount(bank('second', 'btok_us_noAccount'))).toMatchObject({ bankLast4: '1116', replayed: false });
    expect(await till.as(user).createPayoutAccount(bank('first'))).toMatchObject({ enabled: true, bankLast4: '6789', replayed: true });
    expect(await till.as(user).getPayoutAccount({})).toMatchObject({ bankLast4: '1116' });
    expect((await accounts()).slice(before).map(({ idempotencyKey }) => idempotencyKey)).toEqual([`account:${user.id}:first`]);
  });

  it('that is being worked on answers 409, and then what came of it', async () => {
    const user = till.user();
    const provider = till.service.app.get(AccountProvider);
    const createAccount = provider.createAccount.bind(provider);
    const work = jest.spyOn(provider, 'createAccount');
    const first = await new Promise<{ goOn(): void; answer: Promise<unknown> }>((isWorkedOn) => {
      work.mockImplementationOnce(async (account) => {
        await new Promise<void>((goOn) => isWorkedOn({ goOn, answer }));
        return createAccount(account);
      });
      const answer = till.as(user).createPayoutAccount(bank('twice'));
    });
    await expect(till.as(user).createPayoutAccount(bank('twice'))).rejects.toMatchObject({ kind: 'conflict', code: 'payment.key_in_flight' });
    first.goOn();
    expect(await first.answer).toMatchObject({ bankLast4: '6789', replayed: false });
    work.mockRestore();
    expect(await till.as(user).createPayoutAccount(bank('twice'))).toMatchObject({ bankLast4: '6789', replayed: true });
  });

  it('of a refused request is not answered for: the same body may be tried again', async () => {
    const user = till.user();
    for (let i = 0; i < 2; i++) await expect(till.as(user).createPayoutAccount(bank('no', 'btok_of_nobody'))).rejects.toMatchObject({ code: 'payment.bank_account_refused' });
  });

  it('recovers a payment with one card', async () => {
    const order = await till.charged('pm_card_chargeDeclinedExpiredCard');
    const paymentMethodId = await till.addCard(order.buyer, 'pm_card_mastercard');
    const recovery = { orderId: order.orderId, idempotencyKey: 'again' };
    expect(await till.as(order.buyer).recoverPayment({ ...recovery, paymentMethodId })).toMatchObject({ replayed: false });
    expect(await till.as(order.buyer).recoverPayment({ ...recovery, paymentMethodId })).toMatchObject({ replayed: true });
    await expect(till.as(order.buyer).recoverPayment({ ...recovery, paymentMethodId: order.cardId })).rejects.toMatchObject({ code: 'payment.key_reused' });
    await till.settled();
  });

  it('of an admin resumes a task once', async () => {
    await expect(till.as(admin).resumeManualTask({ taskId: 'x', reason: 'y', idempotencyKey: 'r' })).rejects.toMatchObject({ code: 'payment.task_not_found' });
    await till.service.sql.query(`insert into manual_tasks (id, kind, subject, detail, advice) values (gen_random_uuid(), 'unmatched_line', 'txn_1', 'd', 'a')`);
    const [task] = await till.tasks();
    const resume = { taskId: task?.id ?? '', reason: 'Seen.', idempotencyKey: 'r' };
    expect(await till.as(admin).resumeManualTask(resume)).toMatchObject({ replayed: false, task: { id: task?.id } });
    expect(await till.as(admin).resumeManualTask(resume)).toMatchObject({ replayed: true, task: { id: task?.id } });
    await expect(till.as(admin).resumeManualTask({ ...resume, idempotencyKey: 's' })).rejects.toMatchObject({ code: 'payment.task_closed' });
  });
});
