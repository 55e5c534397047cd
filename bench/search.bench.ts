import { Story } from '@libs/testing/story';
import { closedLoop, type LoadResult } from './http-load';
import { drawer } from './random';

const PRODUCTS = 6_000;
const SIZES = Array.from({ length: 12 }, (_, i) => `${6 + i / 2}`);
const AT_ONCE = 4;
const CONNECTIONS = 4;
const QUESTIONS = 400;
const SETTLED_MS_MAX = 600_000;
const SEED = 20_261_128;

const brands = ['Norrland', 'Kestrel', 'Halcyon', 'Meridian', 'Orbit', 'Bolt', 'Newtide', 'Zephyr', 'Larkspur', 'Basalt', 'Cinder', 'Drumlin'];
const models = ['Aurora', 'Fjord Runner', 'Court', 'Updraft', 'Drift Low', 'Drift High', 'Wave', 'Boost', 'Courier', 'Nova', 'Glide', 'Summit', 'Harbour', 'Pulse', 'Quarry'];
const colours = ['Glacier', 'Ember', 'Moss', 'Chalk', 'Night', 'Copper', 'Sandstone', 'Tide', 'Zebra', 'Concord', 'Cement', 'Granite', 'Scarlet', 'Olive'];

export interface SearchBenchResult {
  readonly form: string;
  readonly products: number;
  readonly by: Readonly<Record<string, Pick<LoadResult, 'p50Ms' | 'p99Ms' | 'perSecond' | 'failures'>>>;
}

/** How long finding takes over HTTP, nothing of it remembered: 6,000 products in 12 sizes, in whichever form the environment asks for. */
export async function searchBench(say: (line: string) => void): Promise<SearchBenchResult> {
  const form = process.env.ELASTICSEARCH_URL ? 'elasticsearch' : 'postgres';
  const story = await Story.begin({ env: { MAX_OPEN_QUOTES: '1000000', ...(form === 'elasticsearch' && { ELASTICSEARCH_ALIAS: `bench-${process.pid}` }) } });
  try {
    const random = drawer(SEED);
    const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? '';
    await list(story, pick);
    await story.exchange.settled(SETTLED_MS_MAX);
    say(`${PRODUCTS} products in ${SIZES.length} sizes, an ask on each, search in ${form}; ${CONNECTIONS} connections:`);
    const port = Number(new URL(story.exchange.url).port);
    const by: Record<string, SearchBenchResult['by'][string]> = {};
    for (const [kind, path] of Object.entries(questions(random, pick))) {
      const { p50Ms, p99Ms, perSecond, failures } = await closedLoop(port, CONNECTIONS, QUESTIONS, () => ({ method: 'GET', path: path(), headers: {}, body: '', answered: (status) => status === 200 }));
      say(`${kind.padEnd(14)} p50 ${p50Ms} ms, p99 ${p99Ms} ms, ${perSecond}/s${failures > 0 ? `, ${failures} failed` : ''}`);
      by[kind] = { p50Ms, p99Ms, perSecond, failures };
    }
    return { form, products: PRODUCTS, by };
  } finally {
    await story.end();
  }
}

async function list(story: Story, pick: (from: readonly string[]) => string): Promise<void> {
  const seller = await story.seller();
  let next = 0;
  const lane = async () => {
    while (next < PRODUCTS) {
      const n = next++;
      const product = { brand: pick(brands), model: `${pick(models)} ${n % 97}`, colorway: `${pick(colours)} / ${pick(colours)}`, styleId: `BN-${n}-${100 + (n % 900)}`, retailPrice: { amount: 18_000, currency: 'USD' }, sizes: SIZES };
      const { markets } = await story.admin.api.post<{ markets: { id: string }[] }>('/v1/products', product);
      await seller.asks(markets[n % SIZES.length]?.id ?? '', 100 + (n % 700));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

/** A bound that nobody reaches makes each question a new one. */
function questions(random: () => number, pick: (from: readonly string[]) => string): Record<string, () => string> {
  let asked = 0;
  const fresh = () => `maxPrice=${5_000_000 + asked++}`;
  const wrong = (word: string) => `${word.slice(0, 2)}${word.slice(3)}`;
  return {
    'words': () => `/v1/catalog/search?q=${pick(brands)}+${pick(models).replaceAll(' ', '+')}&${fresh()}`,
    'style id': () => `/v1/catalog/search?q=BN-${Math.floor(random() * PRODUCTS)}&${fresh()}`,
    'typos': () => `/v1/catalog/search?q=${wrong(pick(brands))}+${wrong(pick(colours))}&${fresh()}`,
    'filters': () => `/v1/catalog/search?brand=${pick(brands)}&size=${pick(SIZES)}&minPrice=20000&sort=lowest_ask&${fresh()}`,
    'everything': () => `/v1/catalog/search?sort=newest&${fresh()}`,
    'facets': () => `/v1/catalog/facets?q=${pick(models).replaceAll(' ', '+')}&${fresh()}`,
    'autocomplete': () => `/v1/catalog/autocomplete?q=${pick(brands).slice(0, 5)}&limit=${1 + (asked++ % 20)}`,
  };
}
