import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { configOf, secret } from '@libs/chassis/config';

const COST = 12;
const COST_MIN_IN_TESTS = 4;
/** 256 bit: HMAC-SHA-256 is no stronger than its key. */
const JWT_SECRET_BYTES_MIN = 32;

export class UserConfig extends configOf(
  z
    .object({
      NODE_ENV: z.string().default('production'),
      USER_SECRETS_FILE: z.string().default('.data/secrets/user.json'),
      JWT_ALG: z.enum(['EdDSA', 'HS256']).default('EdDSA'),
      JWT_SECRET: secret().optional(),
      JWT_ISSUER: z.string().default('pairwise'),
      JWT_AUDIENCE: z.string().default('pairwise'),
      BCRYPT_COST: z.coerce.number().int().min(COST_MIN_IN_TESTS).max(15).default(COST),
      PASSWORD_WORKERS: z.coerce.number().int().min(1).max(64).default(Math.max(1, availableParallelism() - 1)),
    })
    .refine(({ NODE_ENV, BCRYPT_COST }) => BCRYPT_COST >= COST || NODE_ENV === 'test', {
      path: ['BCRYPT_COST'],
      message: `must be at least ${COST} outside of tests`,
    })
    .refine(({ JWT_ALG, JWT_SECRET }) => JWT_ALG === 'EdDSA' || Buffer.byteLength(JWT_SECRET?.reveal() ?? '') >= JWT_SECRET_BYTES_MIN, {
      path: ['JWT_SECRET'],
      message: `HS256 wants a secret of at least ${JWT_SECRET_BYTES_MIN} bytes`,
    }),
) {}

/** For the command `rotate-keys`. A secrets file that is not there is a mistake here: a new one would open nothing. */
export class RotateKeysConfig extends configOf(
  z.object({ USER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }), USER_SECRETS_FILE: z.string().default('.data/secrets/user.json').refine(existsSync, 'there is no such file') }),
) {
  static read(): { url: string; path: string; user: UserConfig } {
    const { USER_DATABASE_URL: url, USER_SECRETS_FILE: path } = new RotateKeysConfig(process.env).values;
    return { url, path, user: new UserConfig(process.env) };
  }
}

/** For the command `grant-admin`, which has no chassis around it that would read the environment. */
export class GrantAdminConfig extends configOf(z.object({ USER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) })) {
  static read(): GrantAdminConfig {
    return new GrantAdminConfig(process.env);
  }
}
