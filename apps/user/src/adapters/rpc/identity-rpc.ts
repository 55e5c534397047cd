import { Injectable } from '@nestjs/common';
import type {
  ChangePasswordRequest, GetKeysRequest, LoginRequest, LogoutRequest, RefreshRequest, RegisterRequest,
} from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { type CallContext, userOf } from '@libs/rpc/call-context';
import { ChangePassword } from '../../application/change-password';
import { EndSessions } from '../../application/end-sessions';
import { LogIn } from '../../application/log-in';
import { AccessTokens } from '../../application/ports';
import { RefreshSession } from '../../application/refresh-session';
import { Register } from '../../application/register';
import { clientOf, tokensMessage, userMessage } from './messages';

@Injectable()
export class IdentityRpc {
  constructor(
    private readonly registration: Register,
    private readonly logins: LogIn,
    private readonly refreshing: RefreshSession,
    private readonly ending: EndSessions,
    private readonly passwords: ChangePassword,
    private readonly accessTokens: AccessTokens,
  ) {}

  async register({ email, password, firstName, lastName, client }: RegisterRequest) {
    const { user, tokens } = await this.registration.execute({ email, firstName, lastName }, password, clientOf(client));
    return { user: userMessage(user), tokens: tokensMessage(tokens) };
  }

  async login({ email, password, client }: LoginRequest) {
    const { user, tokens } = await this.logins.execute(email, password, clientOf(client));
    return { user: userMessage(user), tokens: tokensMessage(tokens) };
  }

  async refresh({ refreshToken, client }: RefreshRequest) {
    return { tokens: tokensMessage(await this.refreshing.execute(refreshToken, clientOf(client))) };
  }

  async logout(_: LogoutRequest, call: CallContext) {
    const { id, sessionId } = userOf(call);
    await this.ending.logOut(id, sessionId);
    return {};
  }

  async changePassword({ currentPassword, newPassword }: ChangePasswordRequest, call: CallContext) {
    await this.passwords.execute(userOf(call), currentPassword, newPassword);
    return {};
  }

  async getKeys(_: GetKeysRequest) {
    return { jwksJson: this.accessTokens.keySet() };
  }
}
