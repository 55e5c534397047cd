import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { ids } from './writer-harness';

const productId = ids.next('prd');
const marketFields = (id: string) => ({ id, productId, size: '10', currency: 'USD', tickMinor: 1n, minPriceMinor: 1n, maxPriceMinor: 1_000_000n, status: 'active' });

/** The user and payment services of a world in which everybody may trade. */
export const everybodyMayTrade = [
  [UserService, { getTradingFacts: async () => ({ exists: true, emailVerified: true, addresses: [{ addressId: ids.next('adr'), versionId: ids.next('adv') }] }) }],
  [PaymentService, { getTradingFacts: async () => ({ paymentMethodIds: [ids.next('pm')], payoutAccountEnabled: true }) }],
] as const;

/** A product service besides, to which every market is an open one of one product. */
export const kindNeighbours = [...everybodyMayTrade, [ProductService, { getMarkets: async ({ marketIds }: { readonly marketIds: readonly string[] }) => ({ markets: marketIds.map(marketFields) }) }]] as const;
