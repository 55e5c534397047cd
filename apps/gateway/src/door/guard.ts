import { Injectable } from '@nestjs/common';
import { Metrics } from '@libs/chassis/metrics';
import { AppError } from '@libs/kernel/app-error';
import type { Role } from '@libs/rpc/call-context';
import type { FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config';
import { type LimitName, type LimitTable, Limits } from './limits';
import { whenKnown } from './known';
import { HttpRefusal } from './problem';
import { addressOf, bearerOf } from './request';
import type { Access, Headers, Route } from './route';
import { Sessions } from './sessions';

const noAccess = () => new AppError('forbidden', 'gateway.no_access', 'Nobody may use this route.');
const noSession = () => new AppError('unauthenticated', 'gateway.session_missing', 'Log in first, and send the access token.');
const noRole = (roles: readonly Role[]) => new AppError('forbidden', 'gateway.role_missing', `This is for the role ${roles.join(' or ')}.`, { roles: roles.join(',') });

/** Who comes in: what a route does not allow is not allowed. */
@Injectable()
export class Guard {
  private readonly table: LimitTable;
  private readonly rejections;

  constructor(
    private readonly sessions: Sessions,
    private readonly limits: Limits,
    config: GatewayConfig,
    metrics: Metrics,
  ) {
    this.table = config.limits;
    this.rejections = metrics.counter('ratelimit_rejections_total', 'Requests that were refused because their caller had sent too many.', ['policy']);
  }

  /** Before the body is read: session, limit, role. Nothing is waited for when all of it is known in this process. */
  admit({ access, limit }: Pick<Route, 'access' | 'limit'>, request: FastifyRequest, headers: Headers): void | Promise<void> {
    if (!access) throw noAccess();
    if (access.roles === 'provider') return this.spend('webhook', addressOf(request.ip), headers);
    return whenKnown(this.identify(request), (refusal) =>
      whenKnown(this.spendFor(request, access, limit, headers), () => {
        if (access.roles !== 'public') this.allow(access, request, refusal);
      }),
    );
  }

  /** There is no such route. */
  admitLost(request: FastifyRequest, headers: Headers): void | Promise<void> {
    return this.spend('anonymous', addressOf(request.ip), headers);
  }

  /** Takes a token of the caller's bucket, and says what is left. */
  spend(name: LimitName, caller: string, headers: Headers): void | Promise<void> {
    const limit = this.table[name];
    return whenKnown(this.limits.take(name, limit, caller), ({ allowed, remaining, retryAfterS }) => {
      headers.header('RateLimit-Policy', `"${name}";q=${limit.quota};w=${limit.windowS}`);
      headers.header('RateLimit', `"${name}";r=${remaining};t=${retryAfterS}`);
      if (allowed) return;
      this.rejections.inc({ policy: name });
      throw new HttpRefusal(429, 'gateway.rate_limited', `At most ${limit.quota} in ${limit.windowS} s.`, { 'Retry-After': String(retryAfterS) });
    });
  }

  private spendFor(request: FastifyRequest, { roles }: Access, limit: LimitName | undefined, headers: Headers): void | Promise<void> {
    if (request.user) return this.spend(limit ?? 'default', request.user.id, headers);
    return this.spend(roles === 'public' ? (limit ?? 'anonymous') : 'anonymous', addressOf(request.ip), headers);
  }

  /** Sets the request's user. Answers the refusal rather than throwing it, since a public route does not mind a stale token. */
  private identify(request: FastifyRequest): unknown {
    try {
      const token = bearerOf(request);
      if (!token) return undefined;
      const user = this.sessions.userOf(token);
      if (user instanceof Promise) return user.then((known) => void (request.user = known)).catch((error: unknown) => error);
      request.user = user;
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
