import fc from 'fast-check';
import { type ExportLine, LINES_MAX, readPortfolio, writePortfolio } from './portfolio-csv';

const HEAD = 'market_id,cost,currency,acquired_on,note';
const read = (...lines: string[]) => readPortfolio([HEAD, ...lines].join('\n'));
const item = (over: Partial<ExportLine> = {}): ExportLine => ({ marketId: 'mkt_1', cost: 44_950, currency: 'USD', acquiredAt: new Date('2026-01-31T00:00:00Z'), note: '', productId: 'prd_1', size: '9', source: 'manual', soldAt: undefined, proceeds: undefined, ...over });

describe('a portfolio from text', () => {
  it('is a line for each item', () => expect(read('mkt_1,449.5,USD,2026-01-31,"a gift, from ""Ann"""')).toEqual({ lines: [{ line: 2, marketId: 'mkt_1', cost: 44_950, currency: 'USD', acquiredAt: new Date('2026-01-31T00:00:00Z'), note: 'a gift, from "Ann"' }], errors: [] }));

  it.each([
    ['mkt_1,449.505,USD,2026-01-31,', 'cost'], ['mkt_1,-1,USD,2026-01-31,', 'cost'], ['mkt_1,1e3,USD,2026-01-31,', 'cost'], ['mkt_1,,USD,2026-01-31,', 'cost'],
    ['mkt_1,1,EUR,2026-01-31,', 'currency'], ['mkt_1,1,USD,2026-02-30,', 'acquired_on'], ['mkt_1,1,USD,31.1.2026,', 'acquired_on'], ['mkt_1,1,USD', '5 fields'], [`mkt_1,1,USD,2026-01-31,${'x'.repeat(201)}`, 'note'],
  ])('names what is wrong with %s', (line, what) => {
    const { lines, errors } = read('mkt_0,1,USD,2026-01-31,', line);
    expect([lines.length, errors.length, errors[0]?.line]).toEqual([1, 1, 3]);
    expect(errors[0]?.detail).toContain(what);
  });

  it('counts lines as an editor does, over quoted line ends and empty lines', () => {
    expect(read('', 'mkt_1,1,USD,2026-01-31,"two', 'lines"', 'mkt_1,x,USD,2026-01-31,').errors.map(({ line }) => line)).toEqual([3, 5]);
  });

  it('is refused whole without its columns, with an open quotation mark, or with too many lines', () => {
    expect(() => readPortfolio('a,b\n1,2')).toThrow('market_id');
    expect(() => read('"mkt_1')).toThrow('quotation mark');
    expect(() => read(...Array.from({ length: LINES_MAX + 1 }, () => 'mkt_1,1,USD,2026-01-31,'))).toThrow('At most');
  });
});

describe('a portfolio as text', () => {
  it('comes back as it went', () => {
    const notes = fc.oneof(fc.constantFrom('=1+1', "'=1", '-', '@x', '"', ',', "''+"), fc.string({ maxLength: 50 }).map((text) => text.replace(/[^\x20-\x7e]/g, '').trim()));
    fc.assert(fc.property(fc.array(fc.record({ cost: fc.integer({ min: 0, max: 9_999_999_999 }), note: notes }), { maxLength: 10 }), (items) => {
      const { lines, errors } = readPortfolio(writePortfolio(items.map(item)));
      expect(errors).toEqual([]);
      expect(lines.map(({ cost, note }) => ({ cost, note }))).toEqual(items);
    }));
  });

  it('runs nothing in a spreadsheet', () => expect(writePortfolio([item({ note: '=HYPERLINK("x")' })])).toContain(`"'=HYPERLINK(""x"")"`));
});
