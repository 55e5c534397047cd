import type { SearchIndex } from '../src/application/ports';
import { priceSteps, type Filter, type SearchQuery, type Sort } from '../src/domain/search-query';
import { catalogue, documentOf, styleOf } from './catalogue';
import { openForms, type OpenForm } from './forms';

jest.setTimeout(60_000);
const everything: Filter = { brands: [], categories: [], sizes: [] };

describe.each(Object.entries(openForms))('the index as %s', (_name, open) => {
  let form: OpenForm;
  let index: SearchIndex;
  beforeAll(async () => {
    form = await open();
    index = form.index;
    await index.write(catalogue);
  });
  afterAll(() => form?.close());

  const ask = (query: Partial<SearchQuery> = {}) => index.search({ text: '', filter: everything, sort: 'newest', limit: 100, ...query });
  const found = async (query: Partial<SearchQuery> = {}) => (await ask(query)).ids.map(styleOf);

  it('shows everything to whoever asks for nothing, newest first', async () => {
    const hits = await ask();
    expect([hits.total, hits.ids]).toEqual([catalogue.length, [...catalogue].reverse().map(({ id }) => id)]);
  });

  it.each<Sort>(['newest', 'release_date', 'last_sale', 'lowest_ask', 'highest_ask', 'relevance'])('pages by %s without a gap or a double, and puts last what has no value', async (sort) => {
    const whole = (await ask({ sort })).ids;
    const paged: string[] = [];
    for (let after: SearchQuery['after'] | 'first' = 'first'; after; ) {
      const page: Awaited<ReturnType<typeof ask>> = await ask({ sort, limit: 5, ...(after !== 'first' && { after }) });
      expect(page.total).toBe(catalogue.length);
      paged.push(...page.ids);
      after = page.next;
    }
    expect(paged).toEqual(whole);
    expect(new Set(paged).size).toBe(catalogue.length);
    if (sort !== 'newest' && sort !== 'relevance') expect(styleOf(whole.at(-1) ?? '')).toBe('OR-NA-004');
  });

  it('takes words that are names in our own language for words', async () => {
    for (const text of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) expect(await found({ text })).toEqual([]);
  });

  it('orders by the lowest ask of the sizes that were chosen', async () => {
    expect((await found({ sort: 'lowest_ask', filter: { ...everything, sizes: ['8'] } }))).toEqual(['HC-DL-300', 'AM-F1-315', 'KS-C77-100', 'NL-FR-010', 'NL-A1-001', 'NL-A1-002']);
    expect((await found({ sort: 'highest_ask', filter: { ...everything, sizes: ['11'] } }))).toEqual(['NL-A10-900', 'AM-J4-408', 'KS-UP-200']);
  });

  it('finds within bounds only what is offered there in a chosen size', async () => {
    const filter = { ...everything, sizes: ['9', '10'], minPrice: 29_000, maxPrice: 31_000 };
    expect(await found({ filter })).toEqual(['NL-A1-002']);
    expect(await found({ filter: { ...filter, sizes: ['9'] } })).toEqual([]);
  });

  it('takes any value of one filter and all filters together', async () => {
    expect((await found({ filter: { ...everything, brands: ['Orbit', 'Bolt'], categories: ['accessories', 'sandals'] } })).sort()).toEqual(['BT-SL-001', 'OR-BP-001', 'OR-CP-002']);
    expect((await found({ filter: { ...everything, releasedFrom: '2026-02-01', releasedTo: '2026-02-12' } })).sort()).toEqual(['KS-UP-200', 'NL-A10-900']);
  });

  it.each<[string, Filter]>([
    ['', everything],
    ['norrland', everything],
    ['', { ...everything, sizes: ['9'], brands: ['Norrland', 'Kestrel'] }],
    ['', { ...everything, minPrice: 10_000, maxPrice: 20_000 }],
    ['aurora', { ...everything, sizes: ['9', '10'], minPrice: 15_000 }],
    ['balck red', everything],
  ])('counts for each further choice what choosing it then shows: %p %j', async (text, filter) => {
    const facets = await index.facets(text, filter);
    const total = async (changed: Partial<Filter>) => (await ask({ text, sort: 'relevance', filter: { ...filter, ...changed } })).total;
    for (const { value, products } of facets.brands.slice(0, 4)) expect([value, await total({ brands: [value] })]).toEqual([value, products]);
    for (const { value, products } of facets.categories) expect([value, await total({ categories: [value] })]).toEqual([value, products]);
    for (const { value, products } of facets.sizes.slice(0, 5)) expect([value, await total({ sizes: [value] })]).toEqual([value, products]);
    for (const [i, { min, max }] of priceSteps.entries()) {
      const { minPrice: _min, maxPrice: _max, ...rest } = filter;
      const { total: shown } = await ask({ text, sort: 'relevance', filter: { ...rest, minPrice: min, ...(max !== undefined && { maxPrice: max }) } });
      expect([min, shown]).toEqual([min, facets.prices[i]]);
    }
  });

  it('refuses a place that is another form\'s', async () => {
    const other = index.form === 'postgres' ? 'elasticsearch' : 'postgres';
    await expect(ask({ after: { form: other, isCorrected: false, values: [1, 'x'] } })).rejects.toMatchObject({ code: 'search.cursor_invalid' });
  });

  it('counts the products of each brand', async () => {
    expect((await index.brands()).find(({ value }) => value === 'Café Zürich')).toEqual({ value: 'Café Zürich', products: 2 });
  });

  describe('somebody who is writing', () => {
    const suggest = async (text: string, brand?: string) => {
      const { styles, brands, products } = await index.suggest({ text, limit: 5, ...(brand !== undefined && { brand }) });
      return { styles: styles.map(styleOf), brands: brands.map(({ value }) => value), products: products.map(styleOf) };
    };

    it('is offered the style id to the letter first', async () => {
      expect((await suggest('nl-a1')).styles).toEqual(['NL-A1-001', 'NL-A1-002', 'NL-A10-900']);
      expect((await suggest('nla1002')).styles[0]).toBe('NL-A1-002');
    });

    it('is offered brands and products that begin so', async () => {
      const { brands, products } = await suggest('norr');
      expect(brands).toEqual(['Norrland']);
      expect(products).toHaveLength(5);
      expect((await suggest('cafe zu')).brands).toEqual(['Café Zürich']);
      expect((await suggest('fjord ru')).products.sort()).toEqual(['NL-FR-010', 'NL-FR-011']);
    });

    it('is understood with a letter wrong', async () => {
      expect((await suggest('kestrle')).brands).toEqual(['Kestrel']);
      expect((await suggest('norland aur')).products).toContain('NL-A1-001');
      expect((await suggest('updrfat')).products.sort()).toEqual(['KS-UP-200', 'KS-UP-201']);
    });

    it('is offered products of the brand alone, once there is one', async () => {
      expect((await suggest('air jordan', 'Norrland')).products).toEqual([]);
      expect(await suggest('aurora', 'Norrland')).toMatchObject({ brands: [], products: expect.arrayContaining(['NL-A1-001', 'NL-A2-001']) });
    });
  });

  describe('a document', () => {
    const nova = documentOf('OR-NA-004');
    const isFound = async (text: string) => (await index.search({ text, filter: everything, sort: 'relevance', limit: 5 })).ids.includes(nova.id);

    it('that comes twice, late or out of order changes nothing', async () => {
      await index.write([{ ...nova, version: 1_000, model: 'Supernova' }]);
      expect(await index.write([{ ...nova, version: 999, model: 'Pulsar' }])).toEqual([]);
      expect(await index.write([{ ...nova, version: 1_000, model: 'Quasar' }])).toEqual([]);
      expect([await isFound('supernova'), await isFound('pulsar'), await isFound('quasar')]).toEqual([true, false, false]);
    });

    it('of a product that is gone is never found again, whatever comes late', async () => {
      await index.write([{ ...nova, version: 1_002, isListed: false }]);
      await index.write([{ ...nova, version: 1_001, model: 'Supernova' }]);
      expect(await isFound('supernova')).toBe(false);
      expect((await index.suggest({ text: 'supern', limit: 5 })).products).toEqual([]);
      await index.write([{ ...nova, version: 1_003 }]);
      expect(await isFound('nova')).toBe(true);
    });
  });

  it('is built anew beside the one that answers, and loses nothing that changes meanwhile', async () => {
    const cap = documentOf('OR-CP-002');
    await index.startOver();
    expect((await ask()).total).toBe(catalogue.length);
    await index.write([{ ...cap, version: 2_001, model: 'Bucket Hat' }]);
    expect(await found({ text: 'bucket hat', sort: 'relevance' })).toEqual(['OR-CP-002']);
    // What the rebuild read before the change comes after it.
    await index.write(catalogue.filter(({ id }) => id !== documentOf('HC-TS-401').id));
    await index.adopt();
    expect(await found({ text: 'bucket hat', sort: 'relevance' })).toEqual(['OR-CP-002']);
    expect([(await ask()).total, await found({ text: 'harbour shirt', sort: 'relevance' })]).toEqual([catalogue.length - 1, []]);
    await index.write([documentOf('HC-TS-401')]);
    expect((await ask()).total).toBe(catalogue.length);
  });

  it('answers as it was when a rebuild was begun and never ended', async () => {
    await index.startOver();
    await index.startOver();
    expect((await ask()).total).toBe(catalogue.length);
    await index.write(catalogue);
    await index.adopt();
    await index.adopt();
    expect((await ask()).total).toBe(catalogue.length);
  });
});
