import type { ServiceModule } from '@libs/chassis/service';
import { AnalyticsModule } from '../../analytics/src/analytics.module';
import { AuthenticationModule } from '../../authentication/src/authentication.module';
import { BiddingModule } from '../../bidding/src/bidding.module';
import { GatewayModule } from '../../gateway/src/gateway.module';
import { NotificationModule } from '../../notification/src/notification.module';
import { OrderModule } from '../../order/src/order.module';
import { PaymentModule } from '../../payment/src/payment.module';
import { ProductModule } from '../../product/src/product.module';
import { SearchModule } from '../../search/src/search.module';
import { UserModule } from '../../user/src/user.module';

/**
 * Who exists, each after those that it calls (product and bidding call each other, but bidding does so for a command that has come in): what
 * stops in the opposite order calls nobody who is gone. Each runs as a Nest application of its own.
 */
export const innerServices: readonly ServiceModule[] = [UserModule, PaymentModule, BiddingModule, ProductModule, OrderModule, AuthenticationModule, NotificationModule, AnalyticsModule, SearchModule];

/** The only public door. */
export const gatewayService: ServiceModule = GatewayModule;
