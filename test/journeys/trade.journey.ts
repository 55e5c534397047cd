import { Problem } from '@libs/client/api';
import { billOf } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';
import { ProviderRecords } from '../faults/provider-records';
import { watches } from './watches';

/** From a price to a payout, and the ways in which it goes wrong after the match. */
export function tradeJourneys(story: () => Story): void {
  it('a buyer bids, a seller asks as much, the pair is inspected, the seller is paid: to the cent', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const before = await story().trialBalance();
    const { bid, ask, order } = await story().trade(bea, sam, 450);
    expect([bid.status, ask.match?.price.amount, order.status]).toEqual(['active', 45_000, 'confirmed']);
    const bought = await bea.orderOf(ask);
    expect([billOf(bought)?.amount, billOf(order)?.amount]).toEqual([48_745, 39_600]);

    const task = await story().bringsIn(sam, order);
    await story().authenticators[0].inspects(task);
    await story().settled();
    expect((await bea.order(order.id)).status).toBe('auth_passed');
    await story().authenticators[0].sendsOn(order.id);
    const { outboundTracking } = await bea.order(order.id);
    await story().world.scan(outboundTracking ?? '', 'delivered');
    await story().settled();

    expect((await bea.order(order.id)).status).toBe('delivered');
    const { data: payouts } = await sam.api.get<{ data: { amount: { amount: number } }[] }>('/v1/payouts');
    expect(payouts.map(({ amount }) => amount.amount)).toEqual([39_600]);
    const after = await story().trialBalance();
    expect((after.fee_revenue ?? 0) - (before.fee_revenue ?? 0)).toBe(-(2_250 + 4_050 + 1_350));
    expect(Object.values(after).reduce((sum, minor) => sum + minor, 0)).toBe(0);
  });

  it('who watches is told how the bid and the order go as they go, by themselves, and of nobody else\'s', async () => {
    const [bea, sam, eve] = [await story().buyer(), await story().seller(), await story().stranger('Eve')];
    const [beas, sams, eves] = await Promise.all([bea, sam, eve].map(watches));
    const { bid, ask, order } = await story().trade(bea, sam);
    await beas?.sees(bid.id, 'active', 'matched');
    await sams?.sees(ask.id, 'matched');
    await beas?.sees(order.id, 'pending', 'confirmed');
    await sams?.sees(order.id, 'pending', 'confirmed');
    expect([beas?.ids().sort(), sams?.ids().sort(), eves?.ids()]).toEqual([[bid.id, order.id].sort(), [ask.id, order.id].sort(), []]);
    for (const watching of [beas, sams, eves]) watching?.leaves();
  });

  it('a buyer buys now at the lowest ask, and is told when it has moved beyond the limit', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    await sam.asks(market, 300);
    await sam.asks(market, 280);
    const bought = await bea.buysNow(market, 300);
    expect(bought.match?.price.amount).toBe(28_000);
    const moved = await bea.buysNow(market, 290).catch((error: Problem) => error);
    expect(moved).toMatchObject({ status: 409, code: 'bidding.price_moved' });
    await story().settled();
  });

  it('a seller sells now to the highest bid', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    await bea.bids(market, 200);
    await bea.bids(market, 220);
    const sold = await sam.sellsNow(market, 210);
    expect(sold.match?.price.amount).toBe(22_000);
    await story().settled();
    expect((await sam.orderOf(sold)).status).toBe('confirmed');
  });

  it('a pair that fails twice goes back to its seller, and the buyer has all the money again', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { ask, order } = await story().trade(bea, sam);
    const task = await story().bringsIn(sam, order);
    await story().authenticators[0].inspects(task, ['authenticity_markers']);
    await story().authenticators[1].reviews(task, 'fail');
    await story().settled();
    const [bought, sold] = [await bea.orderOf(ask), await sam.order(order.id)];
    expect([bought.status, bought.paymentStatus]).toEqual(['auth_failed', 'refunded']);
    expect(sold.returnTracking).toBeDefined();
    expect((await sam.ask(ask.id)).status).not.toBe('active');
  });

  it('a card that is declined three times ends the match: the ask is back in its old place, the buyer gets a strike, two suspend buying', async () => {
    const [sam, market] = [await story().seller(), await story().market()];
    const bad = await story().buyer('Ben', 'pm_card_chargeCustomerFail');
    const asks = [await sam.asks(market, 300), await sam.asks(market, 300)];
    for (const strike of [1, 2]) {
      const bid = await bad.bids(market, 300);
      expect(bid.match).toBeDefined();
      await story().settled();
      await story().passes({ hours: 3 });
      expect((await bad.orderOf(bid)).cancelReason).toBe('payment_failed');
      expect((await sam.ask(asks[0]?.id ?? '')).status).toBe('active');
      const refused = await bad.bids(market, 200).catch((error: Problem) => error);
      expect(refused instanceof Problem).toBe(strike === 2);
    }
    const good = await story().buyer();
    const bought = await good.bids(market, 300);
    await story().settled();
    expect((await sam.ask(asks[0]?.id ?? '')).status).toBe('matched');
    expect((await sam.ask(asks[1]?.id ?? '')).status).toBe('active');
    expect((await good.orderOf(bought)).status).toBe('confirmed');
  });

  it('a buyer whose bank asks passes its check, and the order goes on', async () => {
    const [bea, sam] = [await story().buyer('Bea', 'pm_card_authenticationRequired'), await story().seller()];
    const { ask, order } = await story().trade(bea, sam);
    expect(order.status).toBe('pending');
    const payment = await bea.api.get<{ state: string; clientSecret: string }>(`/v1/orders/${order.id}/payment`);
    expect(payment.state).toBe('action_required');
    await story().world.authenticate(payment.clientSecret);
    await story().settled();
    expect((await bea.orderOf(ask)).status).toBe('confirmed');
  });

  it('a buyer whose card is declined pays with another one, and the order goes on', async () => {
    const [bea, sam] = [await story().buyer('Bea', 'pm_card_chargeCustomerFail'), await story().seller()];
    const { ask, order } = await story().trade(bea, sam);
    const { state } = await bea.api.get<{ state: string }>(`/v1/orders/${order.id}/payment`);
    expect([order.status, state]).toEqual(['pending', 'retrying']);
    await bea.api.post(`/v1/orders/${order.id}/payment/recover`, { paymentMethodId: await bea.addsCard() });
    await story().settled();
    expect((await bea.orderOf(ask)).status).toBe('confirmed');
  });

  it('a charge whose answer was lost is made once', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    await story().world.fault({ method: 'POST', path: '/v1/payment_intents/*/confirm', mode: 'error_500_after_apply' });
    const { ask, order } = await story().trade(bea, sam);
    await story().passes({ minutes: 5 });
    expect((await bea.orderOf(ask)).status).toBe('confirmed');
    expect(await new ProviderRecords(story().world.url).movedFor(order.id)).toMatchObject({ charges: 1, refunds: 0 });
  });

  it('a seller who does not ship loses the sale, and the buyer is refunded', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { ask } = await story().trade(bea, sam);
    await story().passes({ days: 6 });
    const bought = await bea.orderOf(ask);
    expect([bought.status, bought.cancelReason, bought.paymentStatus]).toEqual(['cancelled', 'did_not_ship', 'refunded']);
  });

  it('a seller who does not ship three sales sells no more, buys on, is told so, and ships what is under way; an admin ends it', async () => {
    const [bea, sam, market] = [await story().buyer(), await story().seller(), await story().market()];
    const late = await story().trade(bea, sam, 300, market);
    await story().passes({ days: 6 });
    expect((await sam.order(late.order.id)).cancelReason).toBe('did_not_ship');
    const [kept, ...dropped] = [await story().trade(bea, sam, 300, market), await story().trade(bea, sam, 300, market), await story().trade(bea, sam, 300, market)];
    const standing = await sam.asks(market, 500);
    const held = async () => (await sam.api.get<{ sellingSuspended: boolean }>('/v1/me')).sellingSuspended;
    for (const { order } of dropped) {
      expect([await held(), (await sam.ask(standing.id)).status]).toEqual([false, 'active']);
      await sam.api.post(`/v1/orders/${order.id}/cancel`, { reason: 'sold elsewhere' });
      await story().settled();
    }
    expect([await held(), await sam.ask(standing.id)]).toMatchObject([true, { status: 'cancelled', reason: 'suspended' }]);
    const refusal = (call: Promise<unknown>) => call.then(() => undefined, (problem: Problem) => problem);
    await bea.bids(market, 200);
    for (const sells of [() => sam.asks(market, 500), () => sam.sellsNow(market, 200)]) expect(await refusal(sells())).toMatchObject({ status: 403, code: 'bidding.selling_suspended' });
    expect((await sam.mails()).filter(({ subject }) => subject === 'You cannot sell at the moment')).toHaveLength(1);
    await sam.addsCard();
    expect((await sam.bids(market, 100)).status).toBe('active');
    await story().bringsIn(sam, kept.order);
    expect((await sam.order(kept.order.id)).status).toBe('authenticating');

    await story().admin.api.post(`/v1/admin/users/${sam.id}/reinstate`, { reason: 'has moved house' });
    await story().settled();
    expect([await held(), (await sam.ask(standing.id)).status, (await sam.asks(market, 500)).status]).toEqual([false, 'cancelled', 'active']);
  });

  it('a parcel that is lost on the way in is refunded after 14 days', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { ask, order } = await story().trade(bea, sam);
    await story().world.scan(await sam.ships(order.id), 'lost');
    await story().passes({ days: 15 });
    const bought = await bea.orderOf(ask);
    expect([bought.status, bought.cancelReason, bought.paymentStatus]).toEqual(['cancelled', 'lost_inbound', 'refunded']);
  });

  it('a parcel that is lost on the way out costs the platform: the buyer is refunded and the seller paid', async () => {
    const [bea, sam] = [await story().buyer(), await story().seller()];
    const { ask, order } = await story().trade(bea, sam);
    await story().authenticators[0].inspects(await story().bringsIn(sam, order));
    await story().settled();
    await story().authenticators[0].sendsOn(order.id);
    await story().admin.api.post(`/v1/admin/orders/${order.id}/lost-outbound`, { reason: 'the carrier lost it' });
    await story().settled();
    const bought = await bea.orderOf(ask);
    expect([bought.cancelReason, bought.paymentStatus]).toEqual(['lost_outbound', 'refunded']);
    expect((await sam.api.get<{ data: unknown[] }>('/v1/payouts')).data).toHaveLength(1);
  });
}
