import { BookAudit, type JournalLine } from './book-audit';

const expiresAt = '2030-01-01T00:00:00.000Z';
const market = (i: number) => `mkt_${i % 2_400}`;

/** A journal in which every fifth step is a match with the best ask, over deep books of 2,400 markets. */
function* journal(steps: number): Generator<JournalLine> {
  const seqs = new Map<string, number>();
  const asks = new Map<string, number[]>();
  for (let i = 0; i < steps; i++) {
    const marketId = market(Math.floor(i / 5));
    const seq = (seqs.get(marketId) ?? 0) + 1;
    seqs.set(marketId, seq);
    const resting = asks.get(marketId) ?? [];
    asks.set(marketId, resting);
    const quote = (side: 'bid' | 'ask', id: number, price: number) => ({ id: `${side}_${id}`, side, price: { minor: String(price) }, priority: String(id), status: 'active', expiresAt });
    if (i % 5 < 4) {
      resting.push(i);
      yield ['markets', marketId, seq - Math.floor((seq - 1) / 5), 'ask.placed', { marketId, marketSeq: String(seq), quote: quote('ask', i, 50_000) }];
    } else {
      const oldest = resting.shift() ?? 0;
      const matched = { matchId: `mtc_${i}`, bidId: `bid_${i}`, askId: `ask_${oldest}`, price: { minor: '50000' }, matchedAt: '2026-01-01T00:00:00.000Z', incoming: quote('bid', i, 50_000) };
      yield ['matches.created', marketId, seq / 5, 'match.created', { marketId, marketSeq: String(seq), ...matched }];
    }
  }
}

it('reads deep books in time that grows with the number of events alone', () => {
  const workOf = (steps: number) => {
    const audit = new BookAudit();
    const started = process.cpuUsage().user;
    for (const line of journal(steps)) audit.take(line);
    for (const id of ['M2', 'M3', 'M4', 'M5', 'M7', 'M8', 'M10', 'E1']) expect(audit.offences(id)).toEqual([]);
    return process.cpuUsage().user - started;
  };
  workOf(10_000);
  // Ten times the events: ten times the work, where looking through the book for each would be a hundred times.
  expect(workOf(200_000) / workOf(20_000)).toBeLessThan(40);
});

it('names the older quote that was passed over, wherever it stands in the heap', () => {
  for (const passedOver of [0, 3, 17, 40]) {
    const audit = new BookAudit();
    let seq = 0;
    const marketId = market(0);
    const place = (prio: number, price: number) => audit.take(['markets', marketId, ++seq, 'ask.placed', { marketId, marketSeq: String(seq), quote: { id: `ask_${prio}`, side: 'ask', price: { minor: String(price) }, priority: String(prio), status: 'active', expiresAt } }]);
    for (let i = 50; i > 0; i--) place(i + 100, 60_000 + ((i * 7) % 50) * 100);
    place(passedOver, 50_000);
    place(99, 50_000);
    const incoming = { id: 'bid_1', side: 'bid' as const, price: { minor: '50000' }, priority: '0', status: 'matched', expiresAt };
    audit.take(['matches.created', marketId, 1, 'match.created', { marketId, marketSeq: String(++seq), matchId: 'mtc_1', bidId: 'bid_1', askId: 'ask_99', price: { minor: '50000' }, matchedAt: '2026-01-01T00:00:00.000Z', incoming }]);
    expect(audit.offences('M4')).toEqual([`mtc_1: ask_${passedOver} is older than ask_99`]);
  }
});
