import type { World } from './world';

type Json = Readonly<Record<string, unknown>>;

/** A row as the provider shows it: without what only the sandbox knows, with the lists that belong to it. */
export function present(world: World, row: { readonly object: string; readonly id: string }): Json {
  const { _sandbox, ...shown } = row as Json;
  if (row.object === 'account') return { ...shown, external_accounts: listOf(world, `/v1/accounts/${row.id}/external_accounts`, world.where('bank_accounts', 'account', row.id)) };
  if (row.object === 'transfer') return { ...shown, reversals: listOf(world, `/v1/transfers/${row.id}/reversals`, world.where('transfer_reversals', 'transfer', row.id)) };
  if (row.object === 'dispute') return { ...shown, balance_transactions: (shown['balance_transactions'] as string[]).flatMap((id) => presented(world, 'balance_transactions', id)) };
  return shown;
}

/** A balance transaction's status is a matter of the hour, so it is told, not kept. */
export function presentTransaction(world: World, id: string, now: number): Json | undefined {
  const row = world.get('balance_transactions', id);
  return row && { ...present(world, row), status: row.available_on <= now ? 'available' : 'pending' };
}

export function listOf(world: World, url: string, rows: readonly { readonly object: string; readonly id: string }[]): Json {
  return { object: 'list', url, has_more: false, data: rows.map((row) => present(world, row)) };
}

function presented(world: World, collection: 'balance_transactions', id: string): Json[] {
  const row = world.get(collection, id);
  return row === undefined ? [] : [present(world, row)];
}
