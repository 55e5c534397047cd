import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { uuidOfOwn } from '@libs/kernel/ids';
import { Messages } from '../src/application/ports';
import { idOf, type Person, PostOffice } from './post-office';

describe('messages', () => {
  let office: PostOffice;
  beforeAll(async () => {
    office = await PostOffice.open();
  }, 90_000);
  afterAll(() => office.close());

  const labelFor = (orderId: string, seller: Person) => ({ orderId, sellerId: seller.id, tracking: 'SBX123', leg: 'inbound', shipBy: timestampFromDate(new Date('2026-03-04T20:00:00Z')) });

  it('tell buyer and seller of their match, by mail and in the inbox, and name pair and price', async () => {
    const { buyer, seller } = await office.sale();
    expect(await office.subjects(buyer)).toEqual(['It is yours: Norrland Aurora 1 Glacier, size 9']);
    expect(await office.subjects(seller)).toEqual(['Sold: Norrland Aurora 1 Glacier, size 9']);
    expect(await office.inbox(buyer)).toEqual(['It is yours: Norrland Aurora 1 Glacier, size 9']);
    const [mail] = await office.outbox(buyer);
    expect(mail?.text).toContain('Hello Bea,\n\nYour bid met an ask at $450.00.');
    expect(mail?.html).toContain('<h1');
    expect(mail?.reference).toMatch(/^ntf_/);
  });

  it('follow an order from its label to its payout', async () => {
    const { orderId, buyer, seller } = await office.sale();
    const both = { orderId, buyerId: buyer.id, sellerId: seller.id };
    const money = { orderId, buyerId: buyer.id, sellerId: seller.id, amount: { currency: 'USD', minor: 39_600n } };
    const at = timestampFromDate(new Date('2026-03-03T10:00:00Z'));
    await office.hears(
      ['payment.captured', orderId, { ...money, amount: { currency: 'USD', minor: 48_745n } }],
      ['order.label_ready', orderId, labelFor(orderId, seller)],
      ['order.shipped', orderId, { ...both, leg: 'inbound', tracking: 'SBX123' }],
      ['order.received', orderId, { orderId, receivedAt: at }],
      ['order.authenticated', orderId, { ...both, result: 'pass' }],
      ['order.shipped', orderId, { ...both, leg: 'outbound', tracking: 'SBX456' }],
      ['order.delivered', orderId, { ...both, deliveredAt: at }],
      ['payout.paid', seller.id, money],
    );
    const pair = 'Norrland Aurora 1 Glacier, size 9';
    expect((await office.subjects(buyer)).sort()).toEqual([`It is yours: ${pair}`, `Paid: ${pair}`, `On its way to inspection: ${pair}`, `At our authenticators: ${pair}`, `It is authentic: ${pair}`, `On its way to you: ${pair}`, `Delivered: ${pair}`].sort());
    expect((await office.subjects(seller)).sort()).toEqual([`Sold: ${pair}`, `Time to ship: ${pair}`, `At our authenticators: ${pair}`, `Passed inspection: ${pair}`, `On its way to the buyer: ${pair}`, `Delivered: ${pair}`, 'Paid out: $396.00'].sort());
    const label = (await office.outbox(seller)).find(({ subject }) => subject?.startsWith('Time to ship'));
    expect(label?.text).toContain('Tracking number: SBX123\nShip by: Wednesday, March 4, 2026 at 8:00 PM UTC');
    expect(label?.text).toContain(`https://pairwise.example/orders/${orderId}`);
  });

  it('tell each side once why an order has ended', async () => {
    const reasons = { did_not_ship: ['Cancelled', 'Cancelled'], payment_failed: ['Cancelled', 'Your ask is back'], reserve_failed: ['Your bid is back', 'Cancelled'] };
    for (const [reason, wanted] of Object.entries(reasons)) {
      const sale = await office.sale();
      const { orderId, matchId, marketId, buyer, seller } = sale;
      const returned = { ...office.bid(marketId, reason === 'payment_failed' ? seller : buyer, 450) };
      const quote = { ...returned.quote, id: idOf(reason === 'payment_failed' ? 'ask' : 'bid'), side: reason === 'payment_failed' ? 'ask' : 'bid' };
      await office.hears(
        ['order.cancelled', orderId, { orderId, matchId, buyerId: buyer.id, sellerId: seller.id, reason, wasPaid: reason === 'did_not_ship' }],
        ['trade.busted', marketId, { marketId, marketSeq: returned.marketSeq, matchId, reason, bid: quote, ask: quote }],
      );
      const told = [buyer, seller].map(async (person) => (await office.subjects(person)).slice(1).map((subject) => subject?.split(':')[0]));
      expect(await Promise.all(told)).toEqual([[wanted[0]], [wanted[1]]]);
    }
  });

  it('go out once, though events come twice, late and out of order', async () => {
    const [buyer, seller] = [office.person('Bea'), office.person('Sam')];
    const sale = { marketId: idOf('mkt'), productId: idOf('prd'), orderId: idOf('ord'), matchId: idOf('mtc'), buyer, seller };
    const { orderId } = sale;
    // The charge is heard of first, then the order, then the match, then what the pair is called.
    const again = [await office.service.deliver('payment.captured', orderId, { orderId, buyerId: buyer.id, amount: { currency: 'USD', minor: 48_745n } })];
    await office.service.settled();
    expect(await office.subjects(buyer)).toEqual([]);
    again.push(await office.service.deliver(...office.paid(sale)), await office.service.deliver(...office.match(sale)));
    await office.service.settled();
    expect(await office.subjects(buyer)).toEqual([]);
    again.push(await office.service.deliver('product.created', sale.productId, office.product(sale)));
    await office.service.settled();
    for (const delivered of [...again, ...again.reverse()]) await delivered.again();
    await office.service.settled();
    expect((await office.subjects(buyer)).sort()).toEqual(['It is yours: Norrland Aurora 1 Glacier, size 9', 'Paid: Norrland Aurora 1 Glacier, size 9']);
    expect(await office.subjects(seller)).toEqual(['Sold: Norrland Aurora 1 Glacier, size 9']);
    expect(await office.inbox(buyer)).toHaveLength(2);
  });

  it('of other orders go on when one order is poisoned', async () => {
    const [first, second] = [await office.sale(), await office.sale()];
    const broken = { ...labelFor(first.orderId, first.seller), shipBy: undefined };
    await office.service.deliver('order.label_ready', first.orderId, broken);
    await office.hears(['order.label_ready', second.orderId, labelFor(second.orderId, second.seller)]);
    expect((await office.subjects(second.seller))[1]).toContain('Time to ship');
    expect(await office.subjects(first.seller)).toHaveLength(1);
    const parked = await office.service.sql.query<{ key: string }>(`select key from parked where status = 'poison'`);
    expect(parked.map(({ key }) => key)).toEqual([first.orderId]);
    await office.service.sql.query('delete from parked');
  });

  it('welcome who registers, and warn them of what touches their account, also by text message', async () => {
    const person = office.person('Kim', '+1 (503) 555-0142');
    await office.hears(['user.registered', person.id, { userId: person.id }], ['user.suspended', person.id, { userId: person.id, scope: 'all', reason: 'why' }], ['payout_account.changed', person.id, { userId: person.id }]);
    expect((await office.subjects(person)).sort()).toEqual(['Welcome to Pairwise', 'Your account is suspended', 'Your payout account was changed']);
    expect((await office.subjects('+15035550142')).sort()).toEqual(['Pairwise: your account is suspended. Please see your mail.', 'Pairwise: your payout account was changed. Not you? Write to us at once.']);
  });

  it('tell a seller once that selling is suspended, what that ends and what goes on, and of each ask that it has ended', async () => {
    const { marketId } = await office.pair();
    const sam = office.person('Sam', '+1 (503) 555-0143');
    const suspended = await office.service.deliver('user.suspended', sam.id, { userId: sam.id, scope: 'selling', reason: 'unshipped_sales' });
    await suspended.again();
    const { quote, ...event } = office.bid(marketId, sam, 450, { status: 'cancelled', reason: 'suspended' });
    await office.hears(['ask.cancelled', marketId, { ...event, quote: { ...quote, id: idOf('ask'), side: 'ask' } }]);
    const [first, second, ...more] = (await office.outbox(sam)).sort((a, b) => (a.subject ?? '').localeCompare(b.subject ?? ''));
    expect([first?.subject, second?.subject, more]).toEqual(['You cannot sell at the moment', 'Your ask was cancelled: Norrland Aurora 1 Glacier, size 9', []]);
    expect(first?.text).toContain('Too many of your sales were cancelled by you or not shipped in time, so you cannot place asks for now, and your open asks are cancelled.');
    expect(first?.text).toContain('Sales that are under way go on');
    expect(second?.text).toContain('Your ask of $450.00 was cancelled. You cannot sell at the moment.');
    expect(await office.subjects('+15035550143')).toEqual(['Pairwise: selling is suspended after sales that were not shipped. Please see your mail.']);
    expect(await office.inbox(sam)).toHaveLength(2);
  });

  it('tell those who watch a market that its price has fallen, each once, and nobody else', async () => {
    const { marketId, buyer, seller } = await office.sale();
    const money = (minor: bigint) => ({ currency: 'USD', minor });
    const drop = ['price.dropped', marketId, { marketId, userIds: [buyer.id], lowestAsk: money(40_000n), before: money(45_000n), cause: 'fall' }] as const;
    await office.hears([...drop]);
    const alerts = (await office.outbox(buyer)).filter(({ subject }) => subject?.startsWith('Now $400.00'));
    expect(alerts.map(({ text }) => /The lowest ask.*/.exec(text)?.[0])).toEqual(['The lowest ask has fallen from $450.00 to $400.00.']);
    expect((await office.subjects(seller)).filter((subject) => subject?.startsWith('Now'))).toEqual([]);
    await office.hears(['price.dropped', marketId, { marketId, userIds: [buyer.id], lowestAsk: money(39_000n), cause: 'threshold' }]);
    const [first] = (await office.outbox(buyer)).filter(({ subject }) => subject?.startsWith('Now $390.00'));
    expect(first?.text).toContain('Somebody asks $390.00; before, nobody offered this pair.');
    expect(first?.text).not.toContain('Before');
  });

  it('tell the best bidder that they were outbid, once for each price of theirs, and nobody else', async () => {
    const { marketId } = await office.pair();
    const [ann, bob, cy] = [office.person('Ann'), office.person('Bob'), office.person('Cy')];
    const anns = idOf('bid');
    const bids = [office.bid(marketId, ann, 200, { id: anns }), office.bid(marketId, bob, 190), office.bid(marketId, cy, 210), office.bid(marketId, bob, 205), office.bid(marketId, ann, 250, { id: anns }), office.bid(marketId, cy, 260), office.bid(marketId, cy, 270)];
    await office.hears(['bid.placed', marketId, bids[0] ?? {}], ['bid.placed', marketId, bids[1] ?? {}], ['bid.placed', marketId, bids[2] ?? {}], ['bid.placed', marketId, bids[3] ?? {}]);
    await office.hears(['bid.updated', marketId, bids[4] ?? {}], ['bid.placed', marketId, bids[5] ?? {}], ['bid.placed', marketId, bids[6] ?? {}]);
    expect(await office.subjects(bob)).toEqual([]);
    expect((await office.outbox(ann)).map(({ text }) => /Somebody.*/.exec(text)?.[0])).toEqual(['Somebody bids $210.00, which is more than your $200.00.', 'Somebody bids $260.00, which is more than your $250.00.']);
    expect((await office.outbox(cy)).map(({ text }) => /Somebody.*/.exec(text)?.[0])).toEqual(['Somebody bids $250.00, which is more than your $210.00.']);
  });

  it('warn of a bid that ends soon, once, unless it has been matched meanwhile, and tell when it has ended', async () => {
    const { marketId } = await office.pair();
    const [ann, bob] = [office.person('Ann'), office.person('Bob')];
    const [anns, bobs] = [office.bid(marketId, ann, 200, { days: 3 }), office.bid(marketId, bob, 150, { days: 3 })];
    await office.hears(['bid.placed', marketId, anns], ['bid.placed', marketId, bobs]);
    const match = { ...(office.match({ marketId, productId: idOf('prd'), matchId: idOf('mtc'), buyer: bob, seller: office.person('Sam') })[2] as object), bidId: bobs.quote.id };
    await office.hears(['match.created', marketId, match]);
    office.service.clock.passes({ days: 2, minutes: 1 });
    await office.service.settled();
    expect(await office.subjects(ann)).toEqual(['Your bid ends soon: Norrland Aurora 1 Glacier, size 9']);
    expect((await office.subjects(bob)).filter((subject) => subject?.includes('ends soon'))).toEqual([]);
    office.service.clock.passes({ days: 1 });
    await office.hears(['bid.expired', marketId, { ...anns, marketSeq: office.next(marketId), quote: { ...anns.quote, status: 'expired' } }]);
    expect(await office.subjects(ann)).toEqual(['Your bid ends soon: Norrland Aurora 1 Glacier, size 9', 'Your bid has ended: Norrland Aurora 1 Glacier, size 9']);
  });

  it('do not warn of a bid of which the match was heard before the bid', async () => {
    const { marketId } = await office.pair();
    const ann = office.person('Ann');
    const placed = office.bid(marketId, ann, 200, { days: 3 });
    const match = { ...(office.match({ marketId, productId: idOf('prd'), matchId: idOf('mtc'), buyer: ann, seller: office.person('Sam') })[2] as object), bidId: placed.quote.id };
    await office.hears(['match.created', marketId, match]);
    await office.hears(['bid.placed', marketId, placed]);
    office.service.clock.passes({ days: 2, minutes: 1 });
    await office.service.settled();
    expect((await office.subjects(ann)).filter((subject) => subject?.includes('ends soon'))).toEqual([]);
  });

  it('warn of a bid that came back from a trade, though it never rested before', async () => {
    const { marketId, productId } = await office.pair();
    const [ann, sam, matchId] = [office.person('Ann'), office.person('Sam'), idOf('mtc')];
    const match = office.match({ marketId, productId, matchId, buyer: ann, seller: sam })[2] as { bidId: string };
    await office.hears(['match.created', marketId, match]);
    const back = office.bid(marketId, ann, 200, { id: match.bidId, days: 3 });
    await office.hears(['trade.busted', marketId, { marketId, marketSeq: back.marketSeq, matchId, reason: 'reserve_failed', bid: back.quote }]);
    office.service.clock.passes({ days: 2, minutes: 1 });
    await office.service.settled();
    expect((await office.subjects(ann)).map((subject) => subject?.split(':')[0])).toEqual(['It is yours', 'Your bid is back', 'Your bid ends soon']);
  });

  it('say why a bid was cancelled, but not to who cancelled it', async () => {
    const { marketId } = await office.pair();
    const ann = office.person('Ann');
    await office.hears(
      ['bid.cancelled', marketId, office.bid(marketId, ann, 200, { status: 'cancelled', reason: 'user' })],
      ['bid.cancelled', marketId, office.bid(marketId, ann, 210, { status: 'cancelled', reason: 'address_removed' })],
    );
    expect((await office.outbox(ann)).map(({ text }) => /Your bid of.*/.exec(text)?.[0])).toEqual(['Your bid of $210.00 was cancelled. The address that it was made with was removed, and there is no other.']);
  });

  it('are forgotten after a month, what the inbox shows and what is known of a trade after a year', async () => {
    const { buyer, orderId, matchId } = await office.sale();
    await office.outbox(buyer);
    const messages = office.service.app.get(Messages);
    const left = async () => {
      const tables = [`messages where '${uuidOfOwn('mtc', matchId)}' = match_id`, `inbox where user_id = '${uuidOfOwn('usr', buyer.id)}'`, `orders where id = '${uuidOfOwn('ord', orderId)}'`, `matches where id = '${uuidOfOwn('mtc', matchId)}'`];
      return Promise.all(tables.map(async (table) => ((await office.service.sql.query<{ n: number }>(`select count(*) as n from ${table}`))[0]?.n ?? 0) > 0));
    };
    await messages.sweep(office.service.clock.now());
    expect(await left()).toEqual([true, true, true, true]);
    await office.service.sql.query(`update messages set ended_at = now() - interval '31 days' where ended_at is not null`);
    await messages.sweep(office.service.clock.now());
    expect(await left()).toEqual([false, true, true, true]);
    for (const table of ['orders', 'matches']) await office.service.sql.query(`update ${table} set heard_at = now() - interval '366 days'`);
    await messages.sweep(new Date(office.service.clock.now().getTime() + 366 * 86_400_000));
    expect(await left()).toEqual([false, false, false, false]);
  });
});
