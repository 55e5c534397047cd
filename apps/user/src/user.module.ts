import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { defineService } from '@libs/chassis/service';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { RpcMail } from './adapters/clients/rpc-mail';
import { AesSealer } from './adapters/crypto/aes-sealer';
import { BcryptPasswords } from './adapters/crypto/bcrypt-passwords';
import { HmacRefreshTokens } from './adapters/crypto/hmac-refresh-tokens';
import { JwtAccessTokens } from './adapters/crypto/jwt-access-tokens';
import { UserSecrets } from './adapters/crypto/secrets';
import { AccountMessageLoop } from './adapters/loops/account-message-loop';
import { PostgresAccountMessages } from './adapters/postgres/postgres-account-messages';
import { PostgresAddresses } from './adapters/postgres/postgres-addresses';
import { PostgresAdminActions } from './adapters/postgres/postgres-admin-actions';
import { PostgresEmailChanges } from './adapters/postgres/postgres-email-changes';
import { PostgresMailedTokens } from './adapters/postgres/postgres-mailed-tokens';
import { PostgresRevocationFeed } from './adapters/postgres/postgres-revocation-feed';
import { PostgresSessions } from './adapters/postgres/postgres-sessions';
import { PostgresStrikes } from './adapters/postgres/postgres-strikes';
import { PostgresUsers } from './adapters/postgres/postgres-users';
import { SessionSweeper } from './adapters/postgres/session-sweeper';
import { AccountRpc } from './adapters/rpc/account-rpc';
import { AdminRpc } from './adapters/rpc/admin-rpc';
import { IdentityRpc } from './adapters/rpc/identity-rpc';
import { MailRpc } from './adapters/rpc/mail-rpc';
import { SessionRpc } from './adapters/rpc/session-rpc';
import { UserController } from './adapters/rpc/user.controller';
import { ChangeEmail } from './application/change-email';
import { ChangePassword } from './application/change-password';
import { ConfirmEmail } from './application/confirm-email';
import { EndSessions } from './application/end-sessions';
import { AnswerForgotten, ForgotPassword } from './application/forgot-password';
import { HandOverMessages } from './application/hand-over-messages';
import { KeepAddresses } from './application/keep-addresses';
import { LogIn } from './application/log-in';
import { MailedLinks } from './application/mailed-links';
import { AccountMessages, EmailChanges, Mail, MailedTokens } from './application/message-ports';
import { OpenAccount } from './application/open-account';
import { PlanMessage } from './application/plan-message';
import { AccessTokens, Addresses, AdminActions, Passwords, RefreshTokens, RevocationFeed, Sealer, Sessions, Strikes, Users } from './application/ports';
import { Profile } from './application/profile';
import { ReadSessions } from './application/read-sessions';
import { ReadUsers } from './application/read-users';
import { RecordStrike } from './application/record-strike';
import { RefreshSession } from './application/refresh-session';
import { Register } from './application/register';
import { ReinstateUser } from './application/reinstate-user';
import { ResendVerification } from './application/resend-verification';
import { ResetPassword } from './application/reset-password';
import { SetRoles } from './application/set-roles';
import { StartSession } from './application/start-session';
import { SuspendUser } from './application/suspend-user';
import { TradingFacts } from './application/trading-facts';
import { VerifyEmail } from './application/verify-email';
import { UserConfig } from './user.config';

const abilities = [
  Register, OpenAccount, LogIn, StartSession, RefreshSession, EndSessions, ReadSessions, ChangePassword, Profile, KeepAddresses,
  TradingFacts, RecordStrike, ReadUsers, SetRoles, SuspendUser, ReinstateUser,
  PlanMessage, MailedLinks, VerifyEmail, ResendVerification, ForgotPassword, AnswerForgotten, ResetPassword, ChangeEmail, ConfirmEmail, HandOverMessages,
];

@Module({
  controllers: [UserController],
  providers: [
    ...abilities,
    IdentityRpc,
    SessionRpc,
    AccountRpc,
    AdminRpc,
    MailRpc,
    UserSecrets,
    SessionSweeper,
    AccountMessageLoop,
    { provide: Users, useClass: PostgresUsers },
    { provide: Sessions, useClass: PostgresSessions },
    { provide: RevocationFeed, useClass: PostgresRevocationFeed },
    { provide: Addresses, useClass: PostgresAddresses },
    { provide: Strikes, useClass: PostgresStrikes },
    { provide: AdminActions, useClass: PostgresAdminActions },
    { provide: Passwords, useClass: BcryptPasswords },
    { provide: AccessTokens, useClass: JwtAccessTokens },
    { provide: RefreshTokens, useClass: HmacRefreshTokens },
    { provide: AccountMessages, useClass: PostgresAccountMessages },
    { provide: MailedTokens, useClass: PostgresMailedTokens },
    { provide: EmailChanges, useClass: PostgresEmailChanges },
    { provide: Mail, useClass: RpcMail },
    { provide: Sealer, useClass: AesSealer },
  ],
})
export class UserModule {
  static readonly service = defineService({
    name: 'user',
    config: UserConfig,
    serves: [UserService],
    migrations: join(__dirname, 'adapters/postgres/migrations'),
  });
}
