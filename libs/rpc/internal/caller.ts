import { services, type ServiceName } from '@libs/contracts/events';
import { continueTrace } from '@libs/chassis/trace';
import { AppError } from '@libs/kernel/app-error';
import { type CallContext, type CallUser, type Role, roles } from '../call-context';

/** What a caller says beside its message: plain texts on either transport. */
export interface CallHeaders {
  readonly traceparent?: string;
  readonly 'user-id'?: string;
  readonly 'user-session'?: string;
  readonly 'user-roles'?: string;
}

export const headerNames = ['traceparent', 'user-id', 'user-session', 'user-roles'] as const satisfies readonly (keyof CallHeaders)[];

/** The services whose word on who the user is counts. */
const speaksForUsers: ReadonlySet<ServiceName> = new Set<ServiceName>(['gateway']);

export function headersOf(user: CallUser | undefined, traceparent: string | undefined): CallHeaders {
  return {
    ...(traceparent && { traceparent }),
    ...(user && { 'user-id': user.id, 'user-session': user.sessionId, 'user-roles': user.roles.join(',') }),
  };
}

/** Who calls, once it is known which service does: the same rule on both transports. */
export function callContextOf(service: ServiceName, headers: CallHeaders, deadline?: Date): CallContext {
  const user = userOfHeaders(headers);
  if (user && !speaksForUsers.has(service)) throw unauthenticated('This service may not speak for a user.');
  return { service, traceparent: continueTrace(headers.traceparent), ...(headers.traceparent && { cause: headers.traceparent }), ...(user && { user }), ...(deadline && { deadline }) };
}

export function isServiceName(name: unknown): name is ServiceName {
  return (services as readonly unknown[]).includes(name);
}

export const unauthenticated = (why: string) => new AppError('unauthenticated', 'rpc.unauthenticated', why);

function userOfHeaders(headers: CallHeaders): CallUser | undefined {
  const id = headers['user-id'];
  if (id === undefined) {
    if (headers['user-session'] !== undefined || headers['user-roles'] !== undefined) throw unauthenticated('A session or roles without a user.');
    return undefined;
  }
  const named = (headers['user-roles'] ?? '').split(',').filter((role) => role !== '');
  if (!named.every(isRole)) throw unauthenticated('A role that does not exist.');
  return { id, sessionId: headers['user-session'] ?? '', roles: named };
}

function isRole(name: string): name is Role {
  return (roles as readonly string[]).includes(name);
}
