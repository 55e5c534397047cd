import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import type { Role } from '@libs/rpc/call-context';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config';
import { type LimitName, type LimitTable, Limits } from './limits';
import { HttpRefusal } from './problem';
import { addressOf, bearerOf } from './request';
import type { Access, Headers } from './route';
import { Sessions } from './sessions';

const noAccess = () => new AppError('forbidden', 'gateway.no_access', 'Nobody may use this route.');
const noSession = () => new AppError('unauthenticated', 'gateway.session_missing', 'Log in first, and send the access token.');
const noRole = (roles: readonly Role[]) => new AppError('forbidden', 'gateway.role_missing', `This is for the role ${roles.join(' or ')}.`, { roles: roles.join(',') });

/** Who comes in: what a route does not allow is not allowed. */
@Injectable()
export class Guard {
  private readonly table: LimitTable;

  constructor(
    private readonly sessions: Sessions,
    private readonly limits: Limits,
    config: GatewayConfig,
  ) {
    this.table = config.limits;
  }

  /** Before the body is read: session, limit, role. */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (request.is404) return this.spend('anonymous', addressOf(request.ip), reply);
    const { access, limit } = request.routeOptions.config;
    if (!access) throw noAccess();
    if (access.roles === 'provider') return this.spend('webhook', addressOf(request.ip), reply);
    const refusal = await this.identify(request);
    const forStrangers = access.roles === 'public' ? (limit ?? 'anonymous') : 'anonymous';
    if (!request.user) await this.spend(forStrangers, addressOf(request.ip), reply);
    else await this.spend(limit ?? 'default', request.user.id, reply);
    if (access.roles !== 'public') this.allow(access, request, refusal);
  }

  /** Takes a token of the caller's bucket, and says what is left. */
  async spend(name: LimitName, caller: string, reply: Headers): Promise<void> {
    const limit = this.table[name];
    const taken = this.limits.take(name, limit, caller);
    const { allowed, remaining, retryAfterS } = taken instanceof Promise ? await taken : taken;
    reply.header('RateLimit-Policy', `"${name}";q=${limit.quota};w=${limit.windowS}`);
    reply.header('RateLimit', `"${name}";r=${remaining};t=${retryAfterS}`);
    if (!allowed) throw new HttpRefusal(429, 'gateway.rate_limited', `At most ${limit.quota} in ${limit.windowS} s.`, { 'Retry-After': String(retryAfterS) });
  }

  /** Sets the request's user. Answers the refusal rather than throwing it, since a public route does not mind a stale token. */
  private async identify(request: FastifyRequest): Promise<unknown> {
    try {
      const token = bearerOf(request);
      if (token) request.user = await this.sessions.userOf(token);
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private allow({ roles }: Access, { user }: FastifyRequest, refusal: unknown): void {
    if (!user) throw refusal ?? noSession();
    if (roles === 'signed_in' || roles === 'public' || roles === 'provider') return;
    if (!roles.some((role) => user.roles.includes(role))) throw noRole(roles);
  }
}
