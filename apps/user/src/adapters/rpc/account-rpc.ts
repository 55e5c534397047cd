import { Injectable } from '@nestjs/common';
import type {
  AddAddressRequest, Address as AddressMessage, GetAddressesRequest, GetAddressVersionRequest, GetContactRequest, GetProfileRequest, GetTradingFactsRequest,
  RecordStrikeRequest, RemoveAddressRequest, UpdateAddressRequest, UpdateProfileRequest,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { AppError } from '@libs/kernel/app-error';
import { type CallContext, requireService, userOf } from '@libs/rpc/call-context';
import { KeepAddresses } from '../../application/keep-addresses';
import { Profile } from '../../application/profile';
import { RecordStrike } from '../../application/record-strike';
import { TradingFacts } from '../../application/trading-facts';
import { addressMessage, userMessage } from './messages';

@Injectable()
export class AccountRpc {
  constructor(
    private readonly profile: Profile,
    private readonly addresses: KeepAddresses,
    private readonly facts: TradingFacts,
    private readonly strikes: RecordStrike,
  ) {}

  async getProfile(_: GetProfileRequest, call: CallContext) {
    return { user: userMessage(await this.profile.read(userOf(call).id)) };
  }

  async updateProfile({ firstName, lastName, phone, expectedVersion }: UpdateProfileRequest, call: CallContext) {
    const changes = { ...(firstName !== undefined && { firstName }), ...(lastName !== undefined && { lastName }), ...(phone !== undefined && { phone }) };
    return { user: userMessage(await this.profile.update(userOf(call).id, changes, Number(expectedVersion))) };
  }

  async addAddress({ address }: AddAddressRequest, call: CallContext) {
    const given = present(address);
    return { address: addressMessage(await this.addresses.add(userOf(call).id, given, given.isDefault)) };
  }

  async getAddresses(_: GetAddressesRequest, call: CallContext) {
    return { addresses: (await this.addresses.of(userOf(call).id)).map(addressMessage) };
  }

  async updateAddress({ address }: UpdateAddressRequest, call: CallContext) {
    const given = present(address);
    return { address: addressMessage(await this.addresses.update(userOf(call).id, given.id, given, given.isDefault)) };
  }

  async removeAddress({ addressId }: RemoveAddressRequest, call: CallContext) {
    await this.addresses.remove(userOf(call).id, addressId);
    return {};
  }

  async getAddressVersion({ versionId }: GetAddressVersionRequest, call: CallContext) {
    requireService(call, 'order');
    const { address, userId } = await this.addresses.version(versionId);
    return { address: addressMessage(address), userId };
  }

  async getContact({ userId }: GetContactRequest, call: CallContext) {
    requireService(call, 'notification');
    const { email, emailVerified, phone, firstName, suspended } = await this.profile.read(userId);
    return { email, emailVerified, phone, firstName, suspended };
  }

  async getTradingFacts({ userId }: GetTradingFactsRequest, call: CallContext) {
    requireService(call, 'bidding');
    const known = await this.facts.of(userId);
    if (!known) return { exists: false };
    const { suspended, buyingSuspended, sellingSuspended, emailVerified } = known.user;
    const addresses = known.addresses.map(({ id, versionId }) => ({ addressId: id, versionId }));
    return { exists: true, suspended, buyingSuspended, sellingSuspended, emailVerified, addresses };
  }

  async recordStrike({ userId, orderId, kind }: RecordStrikeRequest, call: CallContext) {
    requireService(call, 'order');
    return this.strikes.execute(userId, orderId, kind);
  }
}

function present(address: AddressMessage | undefined): AddressMessage {
  if (!address) throw new AppError('invalid', 'user.address_missing', 'No address was given.');
  return address;
}
