import { addressIncomplete, addressNotFound, tooManyAddresses } from './errors';

export const addressParts = ['name', 'street', 'street2', 'city', 'region', 'postalCode', 'country', 'phone'] as const;
export type AddressParts = Readonly<Record<(typeof addressParts)[number], string>>;

/** An address as it is now. Its parts never change: other parts are another version with an id of its own, which quotes and orders pin. */
export interface Address extends AddressParts {
  readonly id: string;
  readonly versionId: string;
  readonly isDefault: boolean;
}

/** What happened to the addresses of one user, in the order in which it must be told. */
export type AddressChange =
  | { readonly kind: 'added'; readonly address: Address }
  | { readonly kind: 'removed'; readonly address: Address; readonly replacedBy?: string };

export interface AddressBook {
  /** The default first, then the newest. */
  readonly addresses: readonly Address[];
  readonly changes: readonly AddressChange[];
}

const ADDRESSES_MAX = 20;
const REQUIRED: readonly (keyof AddressParts)[] = ['name', 'street', 'city', 'postalCode', 'country'];

/** The first address is the default; there is always exactly one default while there is any. */
export function addAddress(addresses: readonly Address[], parts: AddressParts, ids: { id: string; versionId: string }, wantsDefault: boolean): AddressBook {
  if (addresses.length >= ADDRESSES_MAX) throw tooManyAddresses(ADDRESSES_MAX);
  const isDefault = wantsDefault || addresses.length === 0;
  const address: Address = { ...complete(parts), ...ids, isDefault };
  const others = isDefault ? addresses.map(undefaulted) : addresses;
  return { addresses: sorted([address, ...others]), changes: [{ kind: 'added', address }] };
}

/**
 * Other parts make a new version. The new one is told before the old one goes, so that nobody who listens ever sees a user without an address.
 * A default stays the default until another one is named.
 */
export function updateAddress(addresses: readonly Address[], parts: AddressParts, target: { id: string; newVersionId: string }, wantsDefault: boolean): AddressBook {
  const before = find(addresses, target.id);
  const same = addressParts.every((part) => parts[part].trim() === before[part]);
  const isDefault = before.isDefault || wantsDefault;
  if (same && isDefault === before.isDefault) return { addresses, changes: [] };
  const address: Address = { ...complete(parts), id: before.id, versionId: same ? before.versionId : target.newVersionId, isDefault };
  const others = addresses.filter(({ id }) => id !== before.id).map(isDefault ? undefaulted : (other) => other);
  const removed: AddressChange[] = same ? [] : [{ kind: 'removed', address: before, replacedBy: address.versionId }];
  return { addresses: sorted([address, ...others]), changes: [{ kind: 'added', address }, ...removed] };
}

/** When the default goes, the newest of the others takes its place, and is told first. */
export function removeAddress(addresses: readonly Address[], id: string): AddressBook {
  const gone = find(addresses, id);
  const others = addresses.filter((address) => address !== gone);
  const heir = gone.isDefault ? others[0] : undefined;
  const removed: AddressChange = { kind: 'removed', address: gone };
  if (!heir) return { addresses: others, changes: [removed] };
  const promoted = { ...heir, isDefault: true };
  return { addresses: [promoted, ...others.slice(1)], changes: [{ kind: 'added', address: promoted }, removed] };
}

function find(addresses: readonly Address[], id: string): Address {
  const address = addresses.find((one) => one.id === id);
  if (!address) throw addressNotFound(id);
  return address;
}

function complete(parts: AddressParts): AddressParts {
  for (const part of REQUIRED) if (parts[part].trim() === '') throw addressIncomplete(part);
  const { name, street, street2, city, region, postalCode, country, phone } = parts;
  return {
    name: name.trim(), street: street.trim(), street2: street2.trim(), city: city.trim(),
    region: region.trim(), postalCode: postalCode.trim(), country: country.trim(), phone: phone.trim(),
  };
}

function undefaulted(address: Address): Address {
  return address.isDefault ? { ...address, isDefault: false } : address;
}

/** Ids are made in the order of time. */
function sorted(addresses: readonly Address[]): readonly Address[] {
  return [...addresses].sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || (a.id < b.id ? 1 : -1));
}
