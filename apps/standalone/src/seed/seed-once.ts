import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '@libs/client/api';
import { OutsideWorld } from '@libs/client/outside-world';
import { Trader } from '@libs/client/trader';
import { grantFirstAdmin } from '../launch/user-commands';
import type { Login } from '../welcome';
import { catalogue, sizes } from './catalogue';

interface Exchange {
  readonly data: string;
  readonly url: string;
  readonly sandboxUrl: string;
  readonly userDatabase: string;
}

const PASSWORD = 'pairwise-demo-1';
const logins = {
  buyer: { email: 'buyer@pairwise.example', firstName: 'Bea', lastName: 'Buyer' },
  seller: { email: 'seller@pairwise.example', firstName: 'Sam', lastName: 'Seller' },
  authenticator: { email: 'authenticator@pairwise.example', firstName: 'Ada', lastName: 'Inspector' },
  second: { email: 'second@pairwise.example', firstName: 'Abe', lastName: 'Inspector' },
  admin: { email: 'admin@pairwise.example', firstName: 'Alex', lastName: 'Admin' },
} as const;
type Role = keyof typeof logins;

/** Demo data, through the public door, once for each data folder; a start that was cut short is taken up where it ended. Answers the logins. */
export async function seedOnce(exchange: Exchange): Promise<Login[]> {
  const mark = join(exchange.data, 'seeded');
  if (!existsSync(mark)) {
    await seed(exchange);
    writeFileSync(mark, new Date().toISOString());
  }
  return (Object.keys(logins) as Role[]).map((role) => ({ role: role === 'second' ? 'authenticator' : role, email: logins[role].email, password: PASSWORD })); // Their very keys.
}

async function seed(exchange: Exchange): Promise<void> {
  const world = new OutsideWorld(exchange.sandboxUrl);
  // One after another: to hash a password takes a core for a while, and on a busy machine the last of five would wait for longer than a request may.
  const person = (role: Role) => enter(new Trader(exchange.url, world, { ...logins[role], password: PASSWORD }));
  const [buyer, seller, authenticator] = [await person('buyer'), await person('seller'), await person('authenticator')];
  const [second, admin] = [await person('second'), await person('admin')];
  await grantFirstAdmin(exchange.userDatabase, admin.account.email);
  await admin.logsIn();
  for (const inspector of [authenticator, second]) await admin.grants(inspector, ['buyer', 'seller', 'authenticator'], 'demo');
  await Promise.all([buys(buyer), sells(seller)]);
  const known = await products(admin);
  for (const { retail, ...product } of catalogue) {
    const { markets } = known.get(product.styleId) ?? (await admin.api.post<Product>('/v1/products', { ...product, retailPrice: { amount: retail * 100, currency: 'USD' }, sizes }));
    await quote(buyer, seller, { id: markets[2]?.id ?? '', name: product.styleId, retail });
  }
}

interface Product {
  readonly styleId: string;
  readonly markets: readonly { readonly id: string; readonly size: string }[];
}

async function products(admin: Trader): Promise<Map<string, Product>> {
  const { data } = await admin.api.get<{ data: Product[] }>('/v1/products?limit=100');
  return new Map(data.map((product) => [product.styleId, product]));
}

async function buys(buyer: Trader): Promise<void> {
  if (!(await hasAddress(buyer))) await buyer.addsAddress();
  if ((await buyer.cards()).length === 0) await buyer.addsCard();
}

/** A second opening would be a change of bank, which holds payouts back. */
async function sells(seller: Trader): Promise<void> {
  if (!(await hasAddress(seller))) await seller.addsAddress('Austin');
  const { exists } = await seller.api.get<{ exists: boolean }>('/v1/payouts/account');
  if (!exists) await seller.opensPayoutAccount();
}

async function hasAddress(person: Trader): Promise<boolean> {
  return (await person.api.get<{ data: unknown[] }>('/v1/me/addresses')).data.length > 0;
}

/** A start that was cut short has left some of them registered. */
async function enter(person: Trader): Promise<Trader> {
  try {
    return await person.registers();
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'user.email_taken')) throw error;
    await person.logsIn();
    const { emailVerified } = await person.api.get<{ emailVerified: boolean }>('/v1/me');
    return emailVerified ? person : person.verifiesEmail();
  }
}

/** A small book: what is offered a fifth above retail, what is bid a tenth below. The keys are the same at every start, so no quote comes twice. */
async function quote(buyer: Trader, seller: Trader, { id, name, retail }: { id: string; name: string; retail: number }): Promise<void> {
  const ask = Math.round(retail * 1.2);
  const bid = Math.round(retail * 0.9);
  await Promise.all([
    ...[ask, ask + 15].map((price) => seller.asks(id, price, {}, `seed-${name}-ask-${price}`)),
    ...[bid, bid - 10].map((price) => buyer.bids(id, price, {}, `seed-${name}-bid-${price}`)),
  ]);
}
