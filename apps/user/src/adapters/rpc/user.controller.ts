import { Controller } from '@nestjs/common';
import {
  type AddAddressRequest, type ChangePasswordRequest, type CheckSessionRequest, type GetAddressVersionRequest, type GetAddressesRequest, type GetContactRequest,
  type GetKeysRequest, type GetProfileRequest, type GetSessionsRequest, type GetTradingFactsRequest, type GetUsersRequest,
  type LoginRequest, type LogoutRequest, type RecordStrikeRequest, type RefreshRequest, type RegisterRequest,
  type ReinstateUserRequest, type RemoveAddressRequest, type RevokeSessionRequest, type SetRolesRequest, type SuspendUserRequest,
  type UpdateAddressRequest, type UpdateProfileRequest, type WatchRevocationsRequest, UserService,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import type { CallContext } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { AccountRpc } from './account-rpc';
import { AdminRpc } from './admin-rpc';
import { IdentityRpc } from './identity-rpc';
import { SessionRpc } from './session-rpc';

/** The contract as a list: each rpc, and the room that answers it. */
@Controller()
@RpcService(UserService)
export class UserController implements RpcHandlers<typeof UserService> {
  constructor(
    private readonly identity: IdentityRpc,
    private readonly sessions: SessionRpc,
    private readonly account: AccountRpc,
    private readonly admin: AdminRpc,
  ) {}

  register(request: RegisterRequest) {
    return this.identity.register(request);
  }

  login(request: LoginRequest) {
    return this.identity.login(request);
  }

  refresh(request: RefreshRequest) {
    return this.identity.refresh(request);
  }

  logout(request: LogoutRequest, call: CallContext) {
    return this.identity.logout(request, call);
  }

  changePassword(request: ChangePasswordRequest, call: CallContext) {
    return this.identity.changePassword(request, call);
  }

  getContact(request: GetContactRequest, call: CallContext) {
    return this.account.getContact(request, call);
  }

  getKeys(request: GetKeysRequest) {
    return this.identity.getKeys(request);
  }

  getSessions(request: GetSessionsRequest, call: CallContext) {
    return this.sessions.getSessions(request, call);
  }

  revokeSession(request: RevokeSessionRequest, call: CallContext) {
    return this.sessions.revokeSession(request, call);
  }

  checkSession(request: CheckSessionRequest, call: CallContext) {
    return this.sessions.checkSession(request, call);
  }

  watchRevocations(request: WatchRevocationsRequest, call: CallContext) {
    return this.sessions.watchRevocations(request, call);
  }

  getProfile(request: GetProfileRequest, call: CallContext) {
    return this.account.getProfile(request, call);
  }

  updateProfile(request: UpdateProfileRequest, call: CallContext) {
    return this.account.updateProfile(request, call);
  }

  addAddress(request: AddAddressRequest, call: CallContext) {
    return this.account.addAddress(request, call);
  }

  getAddresses(request: GetAddressesRequest, call: CallContext) {
    return this.account.getAddresses(request, call);
  }

  updateAddress(request: UpdateAddressRequest, call: CallContext) {
    return this.account.updateAddress(request, call);
  }

  removeAddress(request: RemoveAddressRequest, call: CallContext) {
    return this.account.removeAddress(request, call);
  }

  getAddressVersion(request: GetAddressVersionRequest, call: CallContext) {
    return this.account.getAddressVersion(request, call);
  }

  getTradingFacts(request: GetTradingFactsRequest, call: CallContext) {
    return this.account.getTradingFacts(request, call);
  }

  recordStrike(request: RecordStrikeRequest, call: CallContext) {
    return this.account.recordStrike(request, call);
  }

  getUsers(request: GetUsersRequest, call: CallContext) {
    return this.admin.getUsers(request, call);
  }

  setRoles(request: SetRolesRequest, call: CallContext) {
    return this.admin.setRoles(request, call);
  }

  suspendUser(request: SuspendUserRequest, call: CallContext) {
    return this.admin.suspendUser(request, call);
  }

  reinstateUser(request: ReinstateUserRequest, call: CallContext) {
    return this.admin.reinstateUser(request, call);
  }
}
