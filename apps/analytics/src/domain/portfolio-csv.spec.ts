import fc from 'fast-check';
import { typeId } from '@libs/kernel/ids';
import { type ExportLine, LINES_MAX, readPortfolio, writePortfolio } from './portfolio-csv';

const ID = typeId('pfi', '01999999-0000-7000-8000-000000000001');
const HEAD = 'market_id,cost,currency,acquired_on,note';
const read = (...lines: string[]) => readPortfolio([HEAD, ...lines].join('\n'));
const item = (over: Partial<ExportLine> = {}): ExportLine => ({ marketId: 'mkt_1', cost: 44_950, currency: 'USD', acquiredAt: new Date('2026-01-31T00:00:00Z'), note: '', sold: undefined, id: ID, productId: 'prd_1', size: '9', source: 'manual', ...over });

describe('a portfolio from text', () => {
  it('is a line for each item', () => expect(read('mkt_1,449.5,USD,2026-01-31,"a gift, from ""Ann"""')).toEqual({ lines: [{ line: 2, marketId: 'mkt_1', cost: 44_950, currency: 'USD', acquiredAt: new Date('2026-01-31T00:00:00Z'), note: 'a gift, from "Ann"', itemId: undefined, sold: undefined }], errors: [] }));

  it.each([
    ['mkt_1,449.505,USD,2026-01-31,', 'cost'], ['mkt_1,-1,USD,2026-01-31,', 'cost'], ['mkt_1,1e3,USD,2026-01-31,', 'cost'], ['mkt_1,,USD,2026-01-31,', 'cost'],
    ['mkt_1,1,EUR,2026-01-31,', 'currency'], ['mkt_1,1,USD,2026-02-30,', 'acquired_on'], ['mkt_1,1,USD,31.1.2026,', 'acquired_on'], ['mkt_1,1,USD', '5 fields'], [`mkt_1,1,USD,2026-01-31,${'x'.repeat(201)}`, 'note'],
  ])('names what is wrong with %s', (line, what) => {
    const { lines, errors } = read('mkt_0,1,USD,2026-01-31,', line);
    expect([lines.length, errors.length, errors[0]?.line]).toEqual([1, 1, 3]);
    expect(errors[0]?.detail).toContain(what);
  });

  it('counts lines as an editor does, over quoted line ends and empty lines', () => {
    expect(read('', 'mkt_1,y,USD,2026-01-31,"two', 'lines"', 'mkt_1,x,USD,2026-01-31,').errors.map(({ line }) => line)).toEqual([3, 5]);
  });

  it('is refused whole without its columns, with an open quotation mark, or with too many lines', () => {
    expect(() => readPortfolio('a,b\n1,2')).toThrow('market_id');
    expect(() => read('"mkt_1')).toThrow('quotation mark');
    expect(() => read(...Array.from({ length: LINES_MAX + 1 }, () => 'mkt_1,1,USD,2026-01-31,'))).toThrow('At most');
  });
});

describe('a sale in a text', () => {
  const sale = (soldOn: string, proceeds: string, id = '') => readPortfolio(`market_id,cost,currency,acquired_on,sold_on,proceeds,id\nmkt_1,1,USD,2026-01-31,${soldOn},${proceeds},${id}`);

  it('is a day and what was got for the pair', () => expect(sale('2026-02-01', '449.5').lines).toMatchObject([{ sold: { at: new Date('2026-02-01T00:00:00Z'), proceeds: 44_950 } }]));

  it.each([['2026-02-01', '', 'together'], ['', '5', 'together'], ['1.2.2026', '5', 'sold_on'], ['2026-02-01', '0', 'above 0'], ['2026-02-01', '-5', 'above 0']])('of %s for %s is named as wrong', (soldOn, proceeds, what) => {
    expect(sale(soldOn, proceeds).errors[0]?.detail).toContain(what);
  });

  it('is of the item that its id names, which must be one of ours', () => {
    expect(sale('', '', ID).lines).toMatchObject([{ itemId: ID }]);
    expect(sale('', '', 'mkt_1').errors[0]?.detail).toContain('id is');
  });
});

describe('a portfolio as text', () => {
  it('comes back as it went', () => {
    const notes = fc.oneof(fc.constantFrom('=1+1', "'=1", '-', '@x', '"', ',', "''+", ' ', 'two\nlines'), fc.string({ maxLength: 50 }).map((text) => text.replace(/[^\n\x20-\x7e]/g, '')));
    const days = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).map((day) => new Date(`${day.toISOString().slice(0, 10)}T00:00:00Z`));
    const sales = fc.option(fc.record({ at: days, proceeds: fc.integer({ min: 1, max: 9_999_999_999 }) }), { nil: undefined });
    fc.assert(fc.property(fc.array(fc.record({ cost: fc.integer({ min: 0, max: 9_999_999_999 }), note: notes, acquiredAt: days, sold: sales }), { maxLength: 10 }), (items) => {
      const { lines, errors } = readPortfolio(writePortfolio(items.map(item)));
      expect(errors).toEqual([]);
      expect(lines.map(({ cost, note, acquiredAt, sold }) => ({ cost, note, acquiredAt, sold }))).toEqual(items);
      expect(lines.map(({ itemId }) => itemId)).toEqual(items.map(() => ID));
    }));
  });

  it('runs nothing in a spreadsheet', () => expect(writePortfolio([item({ note: '=HYPERLINK("x")' })])).toContain(`"'=HYPERLINK(""x"")"`));
});
