import { Injectable } from '@nestjs/common';
import type {
  GetUsersRequest, ReinstateUserRequest, SetRolesRequest, SuspendUserRequest,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { type CallContext, requireRole } from '@libs/rpc/call-context';
import { ReadUsers } from '../../application/read-users';
import { ReinstateUser } from '../../application/reinstate-user';
import { SetRoles } from '../../application/set-roles';
import { SuspendUser } from '../../application/suspend-user';
import { maskedUserMessage } from './messages';

@Injectable()
export class AdminRpc {
  constructor(
    private readonly users: ReadUsers,
    private readonly roles: SetRoles,
    private readonly suspending: SuspendUser,
    private readonly reinstating: ReinstateUser,
  ) {}

  async getUsers({ query, limit, cursor }: GetUsersRequest, call: CallContext) {
    requireRole(call, 'admin');
    const { users, next } = await this.users.page({ query, limit, cursor });
    return { users: users.map(maskedUserMessage), nextCursor: next ?? '' };
  }

  async setRoles({ userId, roles, reason, expectedVersion }: SetRolesRequest, call: CallContext) {
    const admin = requireRole(call, 'admin');
    return { user: maskedUserMessage(await this.roles.execute({ actorId: admin.id, userId, roles, reason, expectedVersion: Number(expectedVersion) })) };
  }

  async suspendUser({ userId, reason }: SuspendUserRequest, call: CallContext) {
    const admin = requireRole(call, 'admin');
    return { user: maskedUserMessage(await this.suspending.execute(admin.id, userId, reason)) };
  }

  async reinstateUser({ userId, reason }: ReinstateUserRequest, call: CallContext) {
    const admin = requireRole(call, 'admin');
    return { user: maskedUserMessage(await this.reinstating.execute(admin.id, userId, reason)) };
  }
}
