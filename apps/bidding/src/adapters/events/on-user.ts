import { Injectable } from '@nestjs/common';
import type { EventOf } from '@libs/contracts/events';
import { OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { FactStore } from '../../application/ports';
import { scopeOf } from '../../domain/trader-facts';

@Injectable()
export class OnUser {
  constructor(private readonly facts: FactStore) {}

  @OnEvent('user.suspended')
  async suspended(tx: Transaction, { userId, scope }: EventOf<'user.suspended'>): Promise<void> {
    await this.facts.suspended(tx, userId, scopeOf(scope));
  }

  @OnEvent('user.reinstated')
  async reinstated(tx: Transaction, { userId }: EventOf<'user.reinstated'>): Promise<void> {
    await this.facts.reinstated(tx, userId);
  }

  @OnEvent('user.email_verified')
  async emailVerified(tx: Transaction, { userId }: EventOf<'user.email_verified'>): Promise<void> {
    await this.facts.emailVerified(tx, userId);
  }

  @OnEvent('address.added')
  async added(tx: Transaction, { userId, addressId, versionId, isDefault }: EventOf<'address.added'>): Promise<void> {
    await this.facts.addressAdded(tx, userId, { addressId, versionId }, isDefault);
  }

  @OnEvent('address.removed')
  async removed(tx: Transaction, { userId, addressId, versionId, replacedBy }: EventOf<'address.removed'>): Promise<void> {
    await this.facts.addressRemoved(tx, userId, { addressId, versionId }, replacedBy === '' ? undefined : replacedBy);
  }
}
