import type { Client as ClientMessage } from '@libs/contracts/gen/exchange/user/v1/user_pb';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { Tokens } from '../../application/start-session';
import type { Address } from '../../domain/address';
import { maskEmail } from '../../domain/email';
import type { Client, Session } from '../../domain/session';
import type { User } from '../../domain/user';

/** What the user sees of the own account. */
export function userMessage({ createdAt, version, roles, reinstatedAt: _, ...user }: User) {
  return { ...user, roles: [...roles], createdAt: timestampFromDate(createdAt), version: BigInt(version) };
}

/** What an administrator sees of anybody's. */
export function maskedUserMessage(user: User) {
  return userMessage({ ...user, email: maskEmail(user.email), phone: '' });
}

export function tokensMessage({ accessExpiresAt, refreshExpiresAt, ...tokens }: Tokens) {
  return { ...tokens, accessExpiresAt: timestampFromDate(accessExpiresAt), refreshExpiresAt: timestampFromDate(refreshExpiresAt) };
}

export function sessionMessage({ id, client, createdAt, lastUsedAt, expiresAt }: Session, currentId: string) {
  return {
    id,
    ...client,
    createdAt: timestampFromDate(createdAt),
    lastUsedAt: timestampFromDate(lastUsedAt),
    expiresAt: timestampFromDate(expiresAt),
    current: id === currentId,
  };
}

export function addressMessage(address: Address) {
  return { ...address };
}

const CLIENT_TEXT_MAX = 256;

export function clientOf(message: ClientMessage | undefined): Client {
  return { ip: message?.ip.slice(0, CLIENT_TEXT_MAX) ?? '', userAgent: message?.userAgent.slice(0, CLIENT_TEXT_MAX) ?? '' };
}
