import { badRequest } from '../../domain/refusal';
import type { PaymentIntent } from '../../domain/resources';
import type { Unit } from '../../domain/unit';
import { show, type Shown } from './route';

const clause = /^(?:metadata\[(?:'([^']+)'|"([^"]+)")\]|(status|currency|customer|amount))\s*:\s*(?:'([^']*)'|"([^"]*)"|(\d+))$/;

/** The part of the provider's query language that looks things up: `metadata['key']:'value' AND status:'succeeded'`. */
export function search(unit: Unit, query: string, limit: number): Shown {
  const tests = query.split(/\s+AND\s+/).map((part) => testOf(part.trim()));
  const found = unit.world.all('payment_intents').filter((intent) => intent._sandbox.account === unit.on.account && tests.every((test) => test(intent))).reverse();
  return {
    object: 'search_result', url: '/v1/payment_intents/search', has_more: found.length > limit, next_page: null, data: found.slice(0, limit).map((intent) => show(unit, intent)),
  };
}

function testOf(part: string): (intent: PaymentIntent) => boolean {
  const match = clause.exec(part);
  if (match === null) throw badRequest(`We were unable to parse your search query: ${part}`, { param: 'query' });
  const key = match[1] ?? match[2];
  const value = match[4] ?? match[5] ?? match[6] ?? '';
  if (key !== undefined) return (intent) => intent.metadata[key] === value;
  const field = match[3] as 'status' | 'currency' | 'customer' | 'amount';
  return (intent) => String(intent[field]) === value;
}
