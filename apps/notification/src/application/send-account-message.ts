import { Injectable } from '@nestjs/common';
import { Transactions } from '@libs/postgres/transaction';
import { isAccountKind } from '../domain/catalogue';
import { addressMissing, kindUnknown } from '../domain/errors';
import { PlanMessage } from './plan-message';

export interface AccountMessage {
  readonly kind: string;
  readonly userId: string;
  readonly to: string;
  readonly token: string;
  readonly key: string;
  readonly expiresAt?: Date;
}

/** A message to the address that user names, with the secret that it carries. Asked twice with one key it is planned once. */
@Injectable()
export class SendAccountMessage {
  constructor(
    private readonly planning: PlanMessage,
    private readonly transactions: Transactions,
  ) {}

  async execute({ kind, userId, to, token, key, expiresAt }: AccountMessage): Promise<void> {
    if (!isAccountKind(kind)) throw kindUnknown(kind);
    if (to === '' || key === '') throw addressMissing();
    const facts = expiresAt ? { until: expiresAt.toISOString() } : {};
    await this.transactions.run((tx) => this.planning.execute(tx, { source: `account/${key}`, kind, userId, facts, sealed: { to, token }, ...(expiresAt && { expiresAt }) }));
  }
}
