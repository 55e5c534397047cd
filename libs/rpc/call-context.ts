import type { ServiceName } from '@libs/contracts/events';
import { AppError } from '@libs/kernel/app-error';

export const roles = ['buyer', 'seller', 'authenticator', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface CallUser {
  readonly id: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
}

/** Who calls: a service whose token has been verified, and the user that it may speak for. */
export interface CallContext {
  readonly service: ServiceName;
  readonly user?: CallUser;
  readonly traceparent: string;
  /** The span of the caller, if it has named one. */
  readonly cause?: string;
  readonly deadline?: Date;
}

export function userOf(call: CallContext): CallUser {
  if (!call.user) throw new AppError('unauthenticated', 'rpc.user_missing', 'Nobody is named as the user of this call.');
  return call.user;
}

export function requireRole(call: CallContext, ...allowed: readonly Role[]): CallUser {
  const user = userOf(call);
  if (!allowed.some((role) => user.roles.includes(role))) throw new AppError('forbidden', 'rpc.role_missing', 'This role may not do that.');
  return user;
}

/** For RPCs that are internal: the caller is one of our own services and speaks for itself. */
export function requireService(call: CallContext, ...allowed: readonly ServiceName[]): void {
  if (!allowed.includes(call.service)) throw new AppError('forbidden', 'rpc.service_not_allowed', 'This service may not do that.');
}
