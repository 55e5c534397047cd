import fc from 'fast-check';
import { z } from 'zod';
import { uuidOf } from '@libs/kernel/ids';
import { routeTable } from '../src/documents/route-table';
import { compiledReader, zodReader } from '../src/door/validate';
import { PlaceBid } from '../src/rest/bids';
import { idOf as idSchema } from '../src/rest/json';
import { sampleOf } from './samples';
import { idOf } from './session-keys';

const ids = ['mkt', 'pm', 'adv', 'bid'].map((prefix) => idOf(prefix, 1));
const anything = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, '', 'USD', 'EUR', 0, -0, 1, 3, 2, 7, 365, 366, -1, 0.5, 1e3, 9_999_999_999, 1e10, Number.MAX_SAFE_INTEGER + 1, Number.POSITIVE_INFINITY, '45000', [], {}, ...ids, ids[0]?.toUpperCase(), `${ids[0]}0`),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.record({ amount: fc.oneof(fc.integer({ min: -1, max: 1e10 + 1 }), fc.double(), fc.constant('1')), currency: fc.constantFrom<unknown>('USD', 'EUR', 'usd', 1) }, { requiredKeys: [] }),
  fc.jsonValue(),
);

/** A body that is mostly right, with up to three of its fields made into something else. */
function bodies(sample: Record<string, unknown>) {
  const keys = [...Object.keys(sample), 'userId', 'status', 'amount'];
  return fc.array(fc.tuple(fc.constantFrom(...keys), anything, fc.boolean()), { maxLength: 3 }).map((changes) => {
    const body = structuredClone(sample);
    for (const [key, value, isInner] of changes) {
      const price = body.price;
      if (isInner && typeof price === 'object' && price !== null) body.price = { ...price, [key]: value };
      else body[key] = value;
    }
    // As it would come over the wire.
    return JSON.parse(JSON.stringify(body)) as unknown;
  });
}

function verdict(read: (value: unknown) => unknown, body: unknown): unknown {
  try {
    return { takes: read(body) };
  } catch (error) {
    return { refuses: [...new Set((error as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer))].length > 0 };
  }
}

const hot = routeTable().filter((route) => route.hot && route.body);

describe('the compiled schemas of the hot routes', () => {
  it.each(hot.map((route) => ({ name: `${route.method} ${route.path}`, body: route.body })))('say what zod says: $name', ({ body }) => {
    if (!body) throw new Error('a hot route with a body');
    const [compiled, zod] = [compiledReader(body), zodReader(body)];
    const sample = sampleOf(body) as Record<string, unknown>;
    expect(verdict(compiled, sample)).toEqual({ takes: sample });
    fc.assert(fc.property(fc.oneof({ weight: 9, arbitrary: bodies(sample) }, { weight: 1, arbitrary: anything }), (value) => {
      expect(verdict(compiled, value)).toEqual(verdict(zod, value));
    }), { numRuns: 1_500 });
  });

  it('are those of all six commands with a body', () => expect(hot).toHaveLength(6));

  it('would be told apart, were one of them more lenient', () => {
    const [strict, lenient] = [zodReader(PlaceBid), compiledReader(PlaceBid.extend({ price: PlaceBid.shape.price.extend({ amount: z.int().min(1).max(10 ** 10) }) }))];
    const sample = { ...(sampleOf(PlaceBid) as Record<string, unknown>), price: { amount: 10 ** 10, currency: 'USD' } };
    expect(verdict(lenient, sample)).not.toEqual(verdict(strict, sample));
  });
});

it('the pattern of an id says what uuidOf says', () => {
  const schema = idSchema('mkt');
  const alphabet = fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyzABC_-é');
  const near = fc.tuple(fc.constantFrom('mkt_', 'mkt', 'bid_', 'MKT_'), fc.array(alphabet, { minLength: 24, maxLength: 28 })).map(([prefix, rest]) => prefix + rest.join(''));
  const good = fc.tuple(fc.constantFrom(...'01234567'), fc.array(fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz'), { minLength: 25, maxLength: 25 })).map(([first, rest]) => `mkt_${first}${rest.join('')}`);
  fc.assert(fc.property(fc.oneof(near, good), (id) => {
    expect(schema.safeParse(id).success).toBe(uuidOf('mkt', id) !== undefined);
  }), { numRuns: 3_000 });
});
