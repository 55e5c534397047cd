import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { providerUnavailable } from '../domain/errors';
import { EnsureCustomer } from './ensure-customer';
import { Cards } from './ports';
import { CardProvider } from './provider';

/** Lets the user's own client give a card to the provider: we never see its number. */
@Injectable()
export class CreateSetupIntent {
  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly provider: CardProvider,
    private readonly customer: EnsureCustomer,
  ) {}

  async execute(userId: string): Promise<{ id: string; clientSecret: string }> {
    const customer = await this.customer.execute(userId);
    const setup = customer.reply === 'done' ? await this.provider.createSetupIntent(customer.value) : customer;
    if (setup.reply !== 'done') throw providerUnavailable();
    await this.transactions.run((tx) => this.cards.setupStarted(tx, userId, setup.value.id));
    return setup.value;
  }
}
