import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import { GatewayConfig } from '../gateway.config';

/** From where, and how many. */
@Injectable()
export class SocketRules {
  readonly perUser: number;
  readonly perAddress: number;
  private readonly origins: ReadonlySet<string>;
  private readonly proxies: ReadonlySet<string>;

  constructor(
    config: GatewayConfig,
    private readonly clock: WallClock,
  ) {
    const { WS_SOCKETS_PER_USER, WS_SOCKETS_PER_IP, CORS_ORIGINS, TRUSTED_PROXIES } = config.values;
    this.perUser = WS_SOCKETS_PER_USER;
    this.perAddress = WS_SOCKETS_PER_IP;
    this.origins = new Set(CORS_ORIGINS);
    this.proxies = new Set(TRUSTED_PROXIES);
  }

  /** Only browsers name an origin; to them a foreign page is a trap. */
  allowsOrigin(origin: string | undefined): boolean {
    return origin === undefined || this.origins.has(origin);
  }

  /** The nearest address that is not a proxy of ours. */
  addressOf({ socket, headers }: IncomingMessage): string {
    const nearest = socket.remoteAddress ?? '';
    if (!this.proxies.has(nearest)) return nearest;
    const forwarded = String(headers['x-forwarded-for'] ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
    return forwarded.reverse().find((address) => !this.proxies.has(address)) ?? nearest;
  }

  nowMs(): number {
    return this.clock.now().getTime();
  }
}
