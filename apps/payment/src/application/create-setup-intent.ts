import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { providerUnavailable } from '../domain/errors';
import { EnsureCustomer } from './ensure-customer';
import { keyAtProvider, type KeyedCall, KeyedCommands } from './keyed-commands';
import { Cards } from './ports';
import { CardProvider, type SetupReading } from './provider';

/** Lets the user's own client give a card to the provider: we never see its number. */
@Injectable()
export class CreateSetupIntent {
  constructor(
    private readonly transactions: Transactions,
    private readonly cards: Cards,
    private readonly provider: CardProvider,
    private readonly customer: EnsureCustomer,
    private readonly keyed: KeyedCommands,
  ) {}

  async execute(call: KeyedCall): Promise<SetupReading & { isReplay: boolean }> {
    let made: SetupReading | undefined;
    const { answer, isReplay } = await this.keyed.run(call, ['setup intent'], async () => {
      made = await this.make(call);
      return { id: made.id };
    });
    // The secret is the provider's to keep: who asks again is answered what it says.
    return { ...(made ?? (await this.read(answer.id))), isReplay };
  }

  private async make(call: KeyedCall): Promise<SetupReading> {
    const { userId, key } = call;
    const customer = await this.customer.execute(userId);
    const setup = customer.reply === 'done' ? await this.provider.createSetupIntent(customer.value, key === '' ? undefined : `setup:${keyAtProvider(call)}`) : customer;
    if (setup.reply !== 'done') throw providerUnavailable();
    await this.transactions.run((tx) => this.cards.setupStarted(tx, userId, setup.value.id));
    return setup.value;
  }

  private async read(id: string): Promise<SetupReading> {
    const setup = await this.provider.readSetupIntent(id);
    if (setup.reply !== 'done') throw providerUnavailable();
    return setup.value;
  }
}
