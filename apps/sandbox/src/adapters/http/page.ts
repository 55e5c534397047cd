import type { Box } from '../../application/box';
import type { CollectionName } from '../../domain/keeping';

const ROWS = 25;
type Cell = string | number | null;

/** What has happened lately, for a person with a browser. */
export function overview(box: Box): string {
  const { world } = box;
  const tables = [
    table('Payment intents', ['id', 'amount', 'status', 'customer', 'transfer group'], latest('payment_intents', (one) => [one.id, money(one), one.status, one.customer, one.transfer_group])),
    table('Refunds', ['id', 'amount', 'status', 'payment intent', 'reason'], latest('refunds', (one) => [one.id, money(one), one.status, one.payment_intent, one.reason])),
    table('Transfers', ['id', 'amount', 'reversed', 'destination', 'transfer group'], latest('transfers', (one) => [one.id, money(one), one.amount_reversed, one.destination, one.transfer_group])),
    table('Payouts', ['id', 'amount', 'status', 'account', 'arrives'], latest('payouts', (one) => [one.id, money(one), one.status, one._sandbox.account, new Date(one.arrival_date * 1000).toISOString()])),
    table('Shipments', ['tracking', 'status', 'reference', 'leg', 'last scan'], latest('shipments', (one) => [one.id, one.status, one.reference, one.leg, one.scans.at(-1)?.at ?? null])),
    table('Requests', ['at', 'method', 'path', 'key', 'status', 'fault'], latest('requests', (one) => [one.at, one.method, one.path, one.idempotencyKey, one.status, one.fault])),
  ];
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox</title><style>${style}</style>
<h1>Sandbox</h1><p>Business time ${new Date(box.nowMs).toISOString()} (offset ${box.offsetMs} ms). No money here is real. <a href="/outbox">Messages to people</a></p>${tables.join('')}</html>`;

  function latest<C extends CollectionName>(collection: C, cells: (row: ReturnType<typeof world.all<C>>[number]) => Cell[]): Cell[][] {
    return world.all(collection).slice(-ROWS).reverse().map(cells);
  }
}

export const style = `body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1c2430;background:#fafbfc}
h1{font-size:1.5rem}h2{font-size:1rem;margin:2rem 0 .5rem}table{border-collapse:collapse;width:100%;background:#fff;border:1px solid #dfe3e8}
th,td{text-align:left;padding:.3rem .6rem;border-top:1px solid #eceff2;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}th{color:#5b6675;font-weight:600}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#dfe5ec}table{background:#1b2027;border-color:#2c333c}th,td{border-color:#262d35}th{color:#93a0af}}`;

function table(title: string, head: readonly string[], rows: readonly Cell[][]): string {
  const body = rows.length === 0 ? `<tr><td colspan="${head.length}">none yet</td></tr>` : rows.map((row) => `<tr>${row.map((cell) => `<td>${escape(cell)}</td>`).join('')}</tr>`).join('');
  return `<h2>${title}</h2><table><thead><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr></thead><tbody>${body}</tbody></table>`;
}

function money({ amount, currency }: { amount: number; currency: string }): string {
  return `${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')} ${currency.toUpperCase()}`;
}

export function escape(cell: Cell): string {
  return String(cell ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
