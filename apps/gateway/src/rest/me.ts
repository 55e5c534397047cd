import { type Address, UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Route, route } from '../door/route';
import { etag, idOf, line, orAbsent, present } from './json';
import { UserJson, userJson } from './users';

const phone = z.string().regex(/^\+?[0-9][0-9 ()./-]{4,24}$/, 'This is not a phone number.');
const fields = { name: line(100), street: line(200), street2: line(200).optional(), city: line(100), region: line(100).optional(), postalCode: line(20), country: z.string().regex(/^[A-Z]{2}$/, 'A country is two capital letters (ISO 3166-1).'), phone: phone.optional(), isDefault: z.boolean().optional() };
const NewAddress = z.strictObject(fields);
const ChangedAddress = z.strictObject(fields);
const AddressJson = z.object({ id: z.string(), versionId: z.string(), name: z.string(), street: z.string(), street2: z.string().optional(), city: z.string(), region: z.string().optional(), postalCode: z.string(), country: z.string(), phone: z.string().optional(), isDefault: z.boolean() });

const ChangedProfile = z.strictObject({ firstName: line(100).optional(), lastName: line(100).optional(), phone: phone.optional() });

const mine = { tag: 'Me', access: { roles: 'signed_in' } } as const;
const addressParams = z.strictObject({ addressId: idOf('adr') });

export function meRoutes(rpc: Rpc): Route[] {
  const users = rpc.client(UserService);
  return [
    route({
      ...mine, method: 'GET', path: '/v1/me', status: 200, summary: 'Who one is.', answer: UserJson,
      async handle({ call }, headers) {
        const { user } = await users.getProfile({}, call);
        headers.header('ETag', etag(present(user).version));
        return userJson(user);
      },
    }),
    route({
      ...mine, method: 'PATCH', path: '/v1/me', status: 200, summary: 'Change one\'s name or phone.', refusals: ['user.stale'],
      ifMatch: true, body: ChangedProfile, answer: UserJson,
      async handle({ body, ifMatch, call }, headers) {
        const { user } = await users.updateProfile({ ...body, expectedVersion: ifMatch }, call);
        headers.header('ETag', etag(present(user).version));
        return userJson(user);
      },
    }),
    route({
      ...mine, method: 'GET', path: '/v1/me/addresses', status: 200, summary: 'One\'s addresses.', answer: z.object({ data: z.array(AddressJson) }),
      async handle({ call }) {
        const { addresses } = await users.getAddresses({}, call);
        return { data: addresses.map(addressJson) };
      },
    }),
    route({
      ...mine, method: 'POST', path: '/v1/me/addresses', status: 201, summary: 'Add an address. The first is the default.', refusals: ['user.too_many_addresses', 'user.address_incomplete'],
      body: NewAddress, answer: AddressJson,
      async handle({ body, call }) {
        const { address } = await users.addAddress({ address: body }, call);
        return addressJson(present(address));
      },
    }),
    route({
      ...mine, method: 'PUT', path: '/v1/me/addresses/{addressId}', status: 200, summary: 'Write an address anew. Quotes and orders keep the version that they were made with.', refusals: ['user.address_not_found'],
      params: addressParams, body: ChangedAddress, answer: AddressJson,
      async handle({ params, body, call }) {
        const { address } = await users.updateAddress({ address: { id: params.addressId, ...body } }, call);
        return addressJson(present(address));
      },
    }),
    route({
      ...mine, method: 'DELETE', path: '/v1/me/addresses/{addressId}', status: 204, summary: 'Remove an address. Open quotes take the default, or are cancelled when it was the last.', refusals: ['user.address_not_found'],
      params: addressParams,
      async handle({ params: { addressId }, call }) {
        await users.removeAddress({ addressId }, call);
        return undefined;
      },
    }),
  ];
}

function addressJson({ id, versionId, name, street, street2, city, region, postalCode, country, phone: number, isDefault }: Address): z.input<typeof AddressJson> {
  return { id, versionId, name, street, street2: orAbsent(street2), city, region: orAbsent(region), postalCode, country, phone: orAbsent(number), isDefault };
}
