import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { services } from '@libs/contracts/events';

/** A JSON Web Key Set (RFC 7517); `kid` is the name of the service. */
export interface Jwks {
  readonly keys: readonly Record<string, unknown>[];
}

/**
 * An Ed25519 key for each service in `folder`, as `<service>.pem` (readable by its owner alone), and the public ones as `jwks.json`.
 * Keys that are there stay.
 */
export function makeServiceKeys(folder: string): Jwks {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const keys = services.map((service) => {
    const path = join(folder, `${service}.pem`);
    if (!existsSync(path)) writeAtomically(path, newPrivateKey(), 0o600);
    return { ...createPublicKey(readFileSync(path, 'utf8')).export({ format: 'jwk' }), kid: service, alg: 'EdDSA', use: 'sig' };
  });
  writeAtomically(join(folder, 'jwks.json'), `${JSON.stringify({ keys }, null, 2)}\n`, 0o644);
  return { keys };
}

function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function writeAtomically(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  renameSync(`${path}.new`, path);
}

export function parseJwks(text: string): Jwks {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) throw new Error('not a JSON Web Key Set');
  return { keys: value.keys };
}
