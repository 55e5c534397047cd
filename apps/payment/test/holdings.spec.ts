import { PayoutAccounts } from '../src/application/ports';
import { AccountProvider, CardProvider } from '../src/application/provider';
import { SyncAccount } from '../src/application/sync-account';
import { Till } from './till';

describe('Cards and payout accounts', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());
  afterEach(() => expect(till.complaints()).toEqual([]));

  const announced = async (userId: string) => {
    const published = await till.service.published();
    return published.filter(({ event }) => 'userId' in event && event.userId === userId).map(({ name, event }) => ('isDefault' in event ? [name, event.isDefault] : [name]));
  };
  const facts = (userId: string) => till.as('bidding').getTradingFacts({ userId });

  it('a card added a moment ago counts at once, message or not', async () => {
    till.door.isShut = true;
    const user = till.user();
    expect((await facts(user.id)).paymentMethodIds).toEqual([]);
    const { setupIntentId, clientSecret } = await till.as(user).createSetupIntent({});
    await till.stripe(`setup_intents/${setupIntentId}/confirm`, { client_secret: clientSecret, payment_method: 'pm_card_visa' });
    expect((await facts(user.id)).paymentMethodIds).toHaveLength(1);
    till.door.isShut = false;
    await till.settled();
    expect(await announced(user.id)).toEqual([['payment_method.verified', true]]);
    expect((await till.as(user).getPaymentMethods({})).methods).toMatchObject([{ brand: 'visa', last4: '4242', isDefault: true }]);
  });

  it('the message alone announces a card as well', async () => {
    const user = till.user();
    const { setupIntentId, clientSecret } = await till.as(user).createSetupIntent({});
    await till.stripe(`setup_intents/${setupIntentId}/confirm`, { client_secret: clientSecret, payment_method: 'pm_card_visa' });
    await till.settled();
    expect(await announced(user.id)).toEqual([['payment_method.verified', true]]);
  });

  it('a card that the bank does not verify is none', async () => {
    const user = till.user();
    const { setupIntentId, clientSecret } = await till.as(user).createSetupIntent({});
    await till.stripe(`setup_intents/${setupIntentId}/confirm`, { client_secret: clientSecret, payment_method: 'pm_card_chargeDeclined' });
    await till.settled();
    expect((await till.as(user).getPaymentMethods({})).methods).toEqual([]);
  });

  it('the first card is the default, another may be chosen, and a removed default passes on', async () => {
    const user = till.user();
    const visa = await till.addCard(user, 'pm_card_visa');
    const amex = await till.addCard(user, 'pm_card_amex');
    await till.as(user).setDefaultPaymentMethod({ paymentMethodId: amex });
    expect((await facts(user.id)).paymentMethodIds).toEqual([amex, visa]);
    await till.as(user).removePaymentMethod({ paymentMethodId: amex });
    expect((await facts(user.id)).paymentMethodIds).toEqual([visa]);
    await till.as(user).removePaymentMethod({ paymentMethodId: visa });
    await till.settled();
    expect(await announced(user.id)).toEqual([
      ['payment_method.verified', true], ['payment_method.verified', false], ['payment_method.verified', true],
      ['payment_method.removed'], ['payment_method.verified', true], ['payment_method.removed'],
    ]);
  });

  describe('while a list of before is still under way', () => {
    /** The provider answers the next question for the cards as they are now, and the answer is held up until it is let go. */
    function heldUp(): { isRead: Promise<unknown>; letGo(): void } {
      const provider = till.service.app.get(CardProvider);
      const listCards = provider.listCards.bind(provider);
      let letGo = (): void => undefined;
      const isLetGo = new Promise<void>((done) => (letGo = done));
      const isRead = new Promise((read) => {
        jest.spyOn(provider, 'listCards').mockImplementationOnce(async (customerId) => {
          const answer = await listCards(customerId);
          read(answer);
          await isLetGo;
          return answer;
        });
      });
      return { isRead, letGo };
    }
    afterEach(() => jest.restoreAllMocks());

    it('a card that is removed stays removed', async () => {
      const user = till.user();
      const visa = await till.addCard(user, 'pm_card_visa');
      await till.settled();
      await till.as(user).createSetupIntent({}); // While one is being added the provider is asked.
      const list = heldUp();
      const reading = till.as(user).getPaymentMethods({});
      await list.isRead;
      await till.as(user).removePaymentMethod({ paymentMethodId: visa });
      list.letGo();
      expect((await reading).methods).toEqual([]);
      await till.settled();
      expect(await announced(user.id)).toEqual([['payment_method.verified', true], ['payment_method.removed']]);
    });

    it('a card that is added stays', async () => {
      const user = till.user();
      const { setupIntentId, clientSecret } = await till.as(user).createSetupIntent({});
      const list = heldUp();
      const reading = till.as(user).getPaymentMethods({});
      await list.isRead;
      await till.stripe(`setup_intents/${setupIntentId}/confirm`, { client_secret: clientSecret, payment_method: 'pm_card_visa' });
      await till.eventually(async () => (await announced(user.id)).length > 0);
      list.letGo();
      expect((await reading).methods).toMatchObject([{ last4: '4242' }]);
      await till.settled();
      expect(await announced(user.id)).toEqual([['payment_method.verified', true]]);
    });
  });

  it('another one\'s card is not there', async () => {
    const card = await till.addCard(till.user(), 'pm_card_visa');
    const stranger = till.user();
    await expect(till.as(stranger).removePaymentMethod({ paymentMethodId: card })).rejects.toMatchObject({ kind: 'not_found' });
    await expect(till.as(stranger).setDefaultPaymentMethod({ paymentMethodId: card })).rejects.toMatchObject({ kind: 'not_found' });
  });

  it('two first set-ups at once make one customer', async () => {
    const user = till.user();
    await Promise.all([till.as(user).createSetupIntent({}), till.as(user).createSetupIntent({})]);
    const customers = (await till.list('customers?limit=100')).filter((customer) => (customer['metadata'] as Record<string, string>)['user_id'] === user.id);
    expect(customers).toHaveLength(1);
  });

  it('the first payout account is no change, nor is the same bank again; another bank is', async () => {
    const user = till.user();
    expect(await till.as(user).getPayoutAccount({})).toMatchObject({ exists: false });
    expect(await till.as(user).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' })).toMatchObject({ enabled: true, bankLast4: '6789' });
    await till.as(user).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    expect((await till.as(user).getPayoutAccount({})).heldUntil).toBeUndefined();
    await till.as(user).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' });
    await till.settled();
    expect(await till.as(user).getPayoutAccount({})).toMatchObject({ exists: true, enabled: true, bankLast4: '1116' });
    expect(await announced(user.id)).toEqual([['payout_account.enabled'], ['payout_account.changed']]);
    expect((await facts(user.id)).payoutAccountEnabled).toBe(true);
  });

  it('a bank that was changed while an older look at the account was under way is told of once, and stays', async () => {
    const user = till.user();
    await till.as(user).createPayoutAccount({ bankToken: 'btok_us_verified', country: 'US' });
    await till.settled();
    const { app } = till.service;
    const [provider, account] = [app.get(AccountProvider), await app.get(PayoutAccounts).find(user.id)];
    const readAccount = provider.readAccount.bind(provider);
    let letGo = (): void => undefined;
    const isLetGo = new Promise<void>((done) => (letGo = done));
    const isRead = new Promise((read) => {
      jest.spyOn(provider, 'readAccount').mockImplementationOnce(async (id) => {
        const answer = await readAccount(id);
        read(answer);
        await isLetGo;
        return answer;
      });
    });
    const looking = app.get(SyncAccount).execute(account?.providerId ?? '');
    await isRead;
    await till.as(user).createPayoutAccount({ bankToken: 'btok_us_noAccount', country: 'US' });
    letGo();
    expect(await looking).toBe(true);
    jest.restoreAllMocks();
    await till.settled();
    expect(await till.as(user).getPayoutAccount({})).toMatchObject({ bankLast4: '1116' });
    expect(await announced(user.id)).toEqual([['payout_account.enabled'], ['payout_account.changed']]);
  });

  it('a bank account that the provider does not take is refused', async () => {
    await expect(till.as(till.user()).createPayoutAccount({ bankToken: 'btok_of_nobody', country: 'US' })).rejects.toMatchObject({ code: 'payment.bank_account_refused' });
  });

  it('estimates: what the buyer pays and the seller gets, to the cent', async () => {
    const price = { currency: 'USD', minor: 45_000n };
    const bid = await till.as('gateway').createEstimate({ side: 'bid', price });
    const ask = await till.as('gateway').createEstimate({ side: 'ask', price });
    expect([bid.total?.minor, ask.total?.minor, bid.feeScheduleId]).toEqual([48_745n, 39_600n, 'usd-1']);
    for (const { lines, total } of [bid, ask]) expect(lines.reduce((sum, line) => sum + (line.amount?.minor ?? 0n), 0n)).toBe(total?.minor);
    await expect(till.as('gateway').createEstimate({ side: 'bid', price: { currency: 'GBP', minor: 100n } })).rejects.toMatchObject({ code: 'payment.currency_not_traded' });
    await expect(till.as('gateway').createEstimate({ side: 'ask', price: { currency: 'USD', minor: 500n } })).rejects.toMatchObject({ code: 'payment.price_too_low' });
  });

  it('fees follow the schedule of the moment each quote was accepted', async () => {
    const now = till.service.clock.now();
    await till.service.sql.query(`insert into fee_schedules values ('usd-2', 'USD', $1, 600, 1995, 1000, 600, 300)`, [new Date(now.getTime() + 3_600_000)]);
    const before = await till.charged('pm_card_visa');
    await till.passes({ hours: 2 });
    const after = await till.charged('pm_card_visa');
    expect([(await till.payment(before.orderId)).total?.minor, (await till.payment(after.orderId)).total?.minor]).toEqual([48_745n, 49_695n]);
    expect([(await till.payment(before.orderId)).payout?.minor, (await till.payment(after.orderId)).payout?.minor]).toEqual([39_600n, 39_150n]);
  });
});
