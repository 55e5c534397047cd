import { Injectable } from '@nestjs/common';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { Rpc } from '@libs/rpc/rpc';
import { FactOwners } from '../../application/ports';
import type { MarketTerms } from '../../domain/market';
import type { TraderFacts } from '../../domain/trader-facts';
import { termsOf } from '../../application/terms-of';

@Injectable()
export class RpcFactOwners extends FactOwners {
  constructor(private readonly rpc: Rpc) {
    super();
  }

  async trader(userId: string): Promise<TraderFacts | undefined> {
    const [user, money] = await Promise.all([
      this.rpc.client(UserService).getTradingFacts({ userId }),
      this.rpc.client(PaymentService).getTradingFacts({ userId }),
    ]);
    if (!user.exists) return undefined;
    return {
      userId,
      emailVerified: user.emailVerified,
      suspended: user.suspended,
      buyingSuspended: user.buyingSuspended,
      sellingSuspended: user.sellingSuspended,
      addresses: user.addresses.map(({ addressId, versionId }) => ({ addressId, versionId })),
      paymentMethodIds: money.paymentMethodIds,
      payoutEnabled: money.payoutAccountEnabled,
    };
  }

  async market(marketId: string): Promise<MarketTerms | undefined> {
    try {
      const { markets } = await this.rpc.client(ProductService).getMarkets({ marketIds: [marketId] });
      const market = markets.find(({ id }) => id === marketId);
      return market && termsOf(market);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    }
  }
}
