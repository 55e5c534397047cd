import type { SearchIndex } from '../src/application/ports';
import { catalogue, styleOf } from './catalogue';
import { openForms, type OpenForm } from './forms';

jest.setTimeout(60_000);

/** [what somebody writes, what has to stand first, in any order]. Nothing listed: nothing is to be found. */
const questions: readonly (readonly [string, ...string[]])[] = [
  // A style id, however it is written.
  ['NL-A1-001', 'NL-A1-001'], ['nl a1 001', 'NL-A1-001'], ['nla1001', 'NL-A1-001'], ['ks-c77-101', 'KS-C77-101'], ['BT350V2', 'BT-350-V2'], ['norrland NL-A1-002', 'NL-A1-002'], ['NT-990-V5', 'NT-990-V5'],
  // The beginning of a style id.
  ['KS-UP', 'KS-UP-200', 'KS-UP-201'], ['HC-DL', 'HC-DL-300'],
  // A brand.
  ['norrland', 'NL-A1-001', 'NL-A1-002', 'NL-A2-001', 'NL-A10-900', 'NL-FR-010', 'NL-FR-011'], ['KESTREL', 'KS-C77-100', 'KS-C77-101', 'KS-UP-200', 'KS-UP-201'], ['orbit', 'OR-BP-001', 'OR-CP-002', 'OR-SB-003', 'OR-NA-004'],
  ['new tide', 'NT-990-V5', 'NT-550-WG', 'NT-2002-R'], ['air meridian jordan 4', 'AM-J4-408'],
  // Accents, or none.
  ['cafe zurich', 'CF-ZR-001', 'CF-WM-002'], ['Café Zürich', 'CF-ZR-001', 'CF-WM-002'], ['creme brulee', 'CF-ZR-001'], ['rosé', 'CF-WM-002'],
  // Models and colours, in any order.
  ['aurora 1', 'NL-A1-001', 'NL-A1-002'], ['aurora 1 glacier', 'NL-A1-001'], ['glacier aurora 1 norrland', 'NL-A1-001'], ['aurora 1 ember', 'NL-A1-002'], ['aurora 2', 'NL-A2-001'], ['aurora 10', 'NL-A10-900'],
  ['court 77', 'KS-C77-100', 'KS-C77-101'], ['court 77 night match', 'KS-C77-101'], ['gum', 'KS-C77-100'], ['drift high', 'HC-DH-310'], ['drift low sandstone', 'HC-DL-300'], ['zebra', 'BT-350-V2'], ['350 v2 zebra', 'BT-350-V2'],
  ['wave runner', 'BT-700-WR'], ['boost 350', 'BT-350-V2', 'BT-350-BR'], ['990v5', 'NT-990-V5'], ['550', 'NT-550-WG'], ['2002r', 'NT-2002-R'], ['rain cloud', 'NT-2002-R'], ['backpack', 'OR-BP-001'],
  // Numbers mean what they say.
  ['jordan 4', 'AM-J4-408'], ['jordan 11', 'AM-J11-10'], ['jordan 40', 'AM-J40-01'], ['jordan 1 mid', 'AM-J1-556'], ['air jordan 1', 'AM-J1-555', 'AM-J1-556'], ['jordan 5'],
  // The beginning of a word.
  ['auro', 'NL-A1-001', 'NL-A1-002', 'NL-A2-001', 'NL-A10-900'], ['fjo run', 'NL-FR-010', 'NL-FR-011'], ['skateb', 'OR-SB-003'],
  // What people call things.
  ['af1', 'AM-F1-315', 'AM-F1-316'], ['aj1', 'AM-J1-555', 'AM-J1-556'], ['aj 11', 'AM-J11-10'], ['bred', 'AM-J1-555', 'KS-UP-201', 'BT-350-BR'], ['grey', 'BT-700-WR', 'NT-990-V5', 'NL-FR-011'], ['air force 1 hi', 'AM-F1-316'], ['hoody', 'HC-HD-400'], ['orbit sb', 'OR-SB-003'],
  // Mistakes, in one word or in each.
  ['norlland', 'NL-A1-001', 'NL-A1-002', 'NL-A2-001', 'NL-A10-900', 'NL-FR-010', 'NL-FR-011'], ['auorra 2', 'NL-A2-001'], ['kestrl updrft', 'KS-UP-200', 'KS-UP-201'], ['sandstne', 'HC-DL-300'], ['zebar', 'BT-350-V2'], ['jordn concrod', 'AM-J11-10'], ['haclyon drift hgih', 'HC-DH-310'], ['bakcpack', 'OR-BP-001'],
  // Words that say nothing.
  ['the zebra shoes', 'BT-350-V2'], ['pair of court 77 sneakers', 'KS-C77-100', 'KS-C77-101'],
  // A word of the description, the last to count.
  ['city trail runner', 'NL-FR-010'],
  // What nobody sells.
  ['banana'], ['norrland jordan'], ['xqzwv'],
];

describe.each(Object.entries(openForms))('what people look for in the index as %s', (_name, open) => {
  let form: OpenForm;
  let index: SearchIndex;
  beforeAll(async () => {
    form = await open();
    index = form.index;
    await index.write(catalogue);
  });
  afterAll(() => form?.close());

  it.each(questions.map(([text, ...wanted]) => ({ text, wanted })))('$text', async ({ text, wanted }) => {
    const { ids } = await index.search({ text, filter: { brands: [], categories: [], sizes: [] }, sort: 'relevance', limit: 20 });
    const first = wanted.length === 0 ? ids : ids.slice(0, wanted.length);
    expect(first.map(styleOf).sort()).toEqual([...wanted].sort());
  });

  it('says when it has corrected somebody, and only then', async () => {
    const isCorrected = async (text: string) => (await index.search({ text, filter: { brands: [], categories: [], sizes: [] }, sort: 'relevance', limit: 1 })).isCorrected;
    expect([await isCorrected('auorra 2'), await isCorrected('aurora 2'), await isCorrected('xqzwv')]).toEqual([true, false, false]);
  });

  it('puts what is bought more first among what fits alike', async () => {
    const { ids } = await index.search({ text: 'boost 350 v2', filter: { brands: [], categories: [], sizes: [] }, sort: 'relevance', limit: 2 });
    expect(ids.map(styleOf)).toEqual(['BT-350-V2', 'BT-350-BR']);
  });
});
