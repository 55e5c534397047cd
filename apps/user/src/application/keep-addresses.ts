import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { Transactions, type Transaction } from '@libs/postgres/transaction';
import { addAddress, type Address, type AddressBook, type AddressChange, type AddressParts, removeAddress, updateAddress } from '../domain/address';
import { addressNotFound } from '../domain/errors';
import { Addresses } from './ports';

/** The addresses of one user. What changes is announced by ids alone, in the order that the domain gives. */
@Injectable()
export class KeepAddresses {
  constructor(
    private readonly transactions: Transactions,
    private readonly addresses: Addresses,
    private readonly outbox: Outbox,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async of(userId: string): Promise<readonly Address[]> {
    return this.addresses.of(userId);
  }

  /** One version as it was pinned, also when the address has changed or gone since. */
  async version(versionId: string): Promise<{ address: Address; userId: string }> {
    const found = await this.addresses.version(versionId);
    if (!found) throw addressNotFound(versionId);
    return found;
  }

  async add(userId: string, parts: AddressParts, wantsDefault: boolean): Promise<Address> {
    const ids = { id: this.ids.next('adr'), versionId: this.ids.next('adv') };
    return named(ids.id, await this.change(userId, (held) => addAddress(held, parts, ids, wantsDefault)));
  }

  async update(userId: string, addressId: string, parts: AddressParts, wantsDefault: boolean): Promise<Address> {
    const target = { id: addressId, newVersionId: this.ids.next('adv') };
    return named(addressId, await this.change(userId, (held) => updateAddress(held, parts, target, wantsDefault)));
  }

  async remove(userId: string, addressId: string): Promise<void> {
    await this.change(userId, (held) => removeAddress(held, addressId));
  }

  private change(userId: string, work: (held: readonly Address[]) => AddressBook): Promise<AddressBook> {
    return this.transactions.run(async (tx) => {
      const book = work(await this.addresses.of(userId, tx));
      if (book.changes.length > 0) await this.addresses.apply(tx, userId, book.changes, this.clock.now());
      for (const change of book.changes) this.announce(tx, userId, change);
      return book;
    });
  }

  private announce(tx: Transaction, userId: string, change: AddressChange): void {
    const { id: addressId, versionId, isDefault } = change.address;
    if (change.kind === 'added') this.outbox.add(tx, 'address.added', userId, { userId, addressId, versionId, isDefault });
    else this.outbox.add(tx, 'address.removed', userId, { userId, addressId, versionId, replacedBy: change.replacedBy ?? '' });
  }
}

function named(id: string, book: AddressBook): Address {
  const address = book.addresses.find((one) => one.id === id);
  if (!address) throw addressNotFound(id);
  return address;
}
