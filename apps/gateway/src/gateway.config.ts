import { configOf, secret } from '@libs/chassis/config';
import { z } from 'zod';
import type { LimitTable } from './door/limits';

const count = (quota: number) => z.coerce.number().int().min(1).default(quota);
const list = (text: string) => z.string().default(text).transform((value) => value.split(',').map((item) => item.trim()).filter((item) => item !== ''));

const INTERNAL_DEFAULT = ['user', 'product', 'bidding', 'order', 'payment', 'authentication', 'notification', 'analytics', 'search'].map((name, i) => `${name}=http://127.0.0.1:${9101 + i}`).join(',');

const Internal = list(INTERNAL_DEFAULT).pipe(z.array(z.string().regex(/^[a-z]+=https?:\/\/[^=]+$/, 'each is <service>=<internal address>'))).transform((pairs) => new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])));

const Environment = z
  .object({
    CORS_ORIGINS: list('http://localhost:8080,http://127.0.0.1:8080,http://localhost:5173'),
    TRUSTED_PROXIES: list(''),
    JWT_ALG: z.enum(['EdDSA', 'HS256']).default('EdDSA'),
    JWT_ISSUER: z.string().default('pairwise'),
    JWT_AUDIENCE: z.string().default('pairwise'),
    JWT_SECRET: secret().optional(),
    SANDBOX_URL: z.url().optional(),
    INTERNAL_ADDRESSES: Internal,
    LIMIT_ANONYMOUS_PER_MIN: count(120),
    LIMIT_READS_PER_MIN: count(600),
    LIMIT_TRADING_PER_MIN: count(120),
    LIMIT_TRADING_BURST: z.coerce.number().int().min(1).default(20),
    LIMIT_LOGIN_PER_15_MIN: count(5),
    LIMIT_MAILS_PER_HOUR: count(3),
    LIMIT_MAIL_ASKERS_PER_HOUR: count(30),
    LIMIT_WEBHOOKS_PER_MIN: count(6_000),
    LIMIT_HEALTH_PER_MIN: count(600),
    WS_SOCKETS_PER_USER: z.coerce.number().int().min(1).default(10),
    WS_SOCKETS_PER_IP: z.coerce.number().int().min(1).default(50),
    TRADE_DEADLINE_MS: z.coerce.number().int().min(100).max(60_000).default(5_000),
  })
  .refine(({ JWT_ALG, JWT_SECRET }) => JWT_ALG !== 'HS256' || Buffer.byteLength(JWT_SECRET?.reveal() ?? '') >= 32, { path: ['JWT_SECRET'], message: 'HS256 wants a secret of at least 32 bytes' });

export class GatewayConfig extends configOf(Environment) {
  get limits(): LimitTable {
    const { LIMIT_ANONYMOUS_PER_MIN, LIMIT_READS_PER_MIN, LIMIT_TRADING_PER_MIN, LIMIT_TRADING_BURST, LIMIT_LOGIN_PER_15_MIN, LIMIT_MAILS_PER_HOUR, LIMIT_MAIL_ASKERS_PER_HOUR, LIMIT_WEBHOOKS_PER_MIN, LIMIT_HEALTH_PER_MIN } = this.values;
    const everyMinute = (quota: number, burst = quota) => ({ quota, windowS: 60, burst });
    const everyHour = (quota: number) => ({ quota, windowS: 3_600, burst: quota });
    return {
      anonymous: everyMinute(LIMIT_ANONYMOUS_PER_MIN),
      default: everyMinute(LIMIT_READS_PER_MIN),
      trading: everyMinute(LIMIT_TRADING_PER_MIN, LIMIT_TRADING_BURST),
      login: { quota: LIMIT_LOGIN_PER_15_MIN, windowS: 900, burst: LIMIT_LOGIN_PER_15_MIN },
      mail: everyHour(LIMIT_MAILS_PER_HOUR),
      mail_askers: everyHour(LIMIT_MAIL_ASKERS_PER_HOUR),
      webhook: everyMinute(LIMIT_WEBHOOKS_PER_MIN),
      health: everyMinute(LIMIT_HEALTH_PER_MIN),
    };
  }
}
