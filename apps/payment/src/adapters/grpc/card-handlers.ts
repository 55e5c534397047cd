import { Injectable } from '@nestjs/common';
import type { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { requireService, userOf } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { CreateSetupIntent } from '../../application/create-setup-intent';
import { ReadCards } from '../../application/read-cards';
import { RemoveCard } from '../../application/remove-card';
import { SetDefaultCard } from '../../application/set-default-card';
import { cardMessage } from './messages';

type Served = Pick<RpcHandlers<typeof PaymentService>, 'createSetupIntent' | 'getPaymentMethods' | 'removePaymentMethod' | 'setDefaultPaymentMethod' | 'getTradingFacts'>;
type Arguments<K extends keyof Served> = Parameters<Served[K]>;

@Injectable()
export class CardHandlers implements Served {
  constructor(
    private readonly setup: CreateSetupIntent,
    private readonly cards: ReadCards,
    private readonly remove: RemoveCard,
    private readonly choose: SetDefaultCard,
  ) {}

  async createSetupIntent(...[{ idempotencyKey: key }, call]: Arguments<'createSetupIntent'>): ReturnType<Served['createSetupIntent']> {
    const { id, clientSecret, isReplay } = await this.setup.execute({ userId: userOf(call).id, key });
    return { setupIntentId: id, clientSecret, replayed: isReplay };
  }

  async getPaymentMethods(...[, call]: Arguments<'getPaymentMethods'>): ReturnType<Served['getPaymentMethods']> {
    const cards = await this.cards.ofUser(userOf(call).id);
    return { methods: cards.map(cardMessage) };
  }

  async removePaymentMethod(...[{ paymentMethodId }, call]: Arguments<'removePaymentMethod'>): ReturnType<Served['removePaymentMethod']> {
    await this.remove.execute(userOf(call).id, paymentMethodId);
    return {};
  }

  async setDefaultPaymentMethod(...[{ paymentMethodId }, call]: Arguments<'setDefaultPaymentMethod'>): ReturnType<Served['setDefaultPaymentMethod']> {
    return { method: cardMessage(await this.choose.execute(userOf(call).id, paymentMethodId)) };
  }

  async getTradingFacts(...[{ userId }, call]: Arguments<'getTradingFacts'>): ReturnType<Served['getTradingFacts']> {
    requireService(call, 'bidding', 'order');
    return this.cards.tradingFacts(userId);
  }
}
