import 'reflect-metadata';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createSigner } from 'fast-jwt';
import { services, type ServiceName } from '@libs/contracts/events';
import { BiddingService, CountActiveAsksRequestSchema } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { SystemWallClock } from '@libs/chassis/clocks';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { KeepErrors, RpcServer } from '../rpc-server';
import { makeServiceKeys } from '../service-keys';
import { overGrpc, type ServiceRpc } from '../service-rpc';
import { UNARY_BYTES_MAX } from '../internal/codec';
import { healthDefinition } from '../internal/grpc-health';
import { Probe, probeController } from './probe';

const PATH = '/exchange.bidding.v1.BiddingService/CountActiveAsks';
const folder = temporaryFolder('forgery');
const jwks = makeServiceKeys(folder);
const probe = new Probe();
const addresses = Object.fromEntries(services.map((service) => [service, '127.0.0.1:1'])) as Record<ServiceName, string>;
const pemOf = (service: ServiceName) => readFileSync(join(folder, `${service}.pem`), 'utf8');
const user = { 'user-id': 'usr_ann', 'user-session': 'ses_1', 'user-roles': 'buyer,admin' };

let app: INestMicroservice;
let server: ServiceRpc;
let raw: Client;
let isServing = true;

/** A caller that holds to no convention: bytes and metadata as they are. */
function call(metadata: Record<string, string>, message: Buffer = Buffer.from(toBinary(CountActiveAsksRequestSchema, create(CountActiveAsksRequestSchema, { marketId: 'x' })))): Promise<ServiceError | undefined> {
  const sent = new Metadata();
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
  return new Promise((resolve) => raw.makeUnaryRequest(PATH, (bytes: Buffer) => bytes, (bytes) => bytes, message, sent, { deadline: Date.now() + 30_000 }, (error) => resolve(error ?? undefined)));
}

interface Claims {
  readonly kid?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly typ?: string;
  readonly expiresIn?: number;
  readonly ageMs?: number;
  readonly key?: string;
}

function token({ kid = 'gateway', iss = 'gateway', aud = 'bidding', typ = 'service+jwt', expiresIn = 60_000, ageMs = 0, key = pemOf('gateway') }: Claims): string {
  return createSigner({ algorithm: 'EdDSA', key, kid, iss, aud, expiresIn, clockTimestamp: Date.now() - ageMs, header: { alg: 'EdDSA', typ, kid } })({});
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowS = Math.floor(Date.now() / 1_000);
const claims = { iss: 'gateway', aud: 'bidding', iat: nowS, exp: nowS + 60 };
const unsigned = `${base64({ alg: 'none', typ: 'service+jwt', kid: 'gateway' })}.${base64(claims)}.`;
const publicAsSecret = () => {
  const input = `${base64({ alg: 'HS256', typ: 'service+jwt', kid: 'gateway' })}.${base64(claims)}`;
  const key = String(jwks.keys.find(({ kid }) => kid === 'gateway')?.x);
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};
const strangerKey = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

beforeAll(async () => {
  server = overGrpc({ service: 'bidding', listen: '127.0.0.1:0', addresses, keyFile: join(folder, 'bidding.pem'), jwks, wall: new SystemWallClock(), observer: { sends: () => undefined, unanswered: () => undefined, answeredAgain: () => undefined, served: () => undefined, broke: () => undefined }, isServing: () => isServing });
  app = await NestFactory.createMicroservice({ module: class ProbeModule {}, controllers: [probeController(probe)] }, { strategy: new RpcServer([BiddingService], server.endpoint), logger: false });
  app.useGlobalFilters(new KeepErrors());
  await app.listen();
  raw = new Client(`127.0.0.1:${server.port()}`, credentials.createInsecure());
});
afterAll(async () => {
  raw.close();
  await app.close();
  server.close();
  rmSync(folder, { recursive: true });
});

describe('a call over the network', () => {
  it('is answered when the gateway signs it and speaks for a user', async () => {
    expect(await call({ 'service-token': token({}), ...user })).toBeUndefined();
    expect(probe.calls.at(-1)).toMatchObject({ service: 'gateway', user: { id: 'usr_ann', sessionId: 'ses_1', roles: ['buyer', 'admin'] } });
  });

  const forgeries: [string, () => Record<string, string>][] = [
    ['no token, but a user', () => user],
    ['nothing at all', () => ({})],
    ['a token that is no token', () => ({ 'service-token': 'gateway' })],
    ['a token without a signature', () => ({ 'service-token': unsigned })],
    ['a token signed with the public key as a secret', () => ({ 'service-token': publicAsSecret() })],
    ['a token of a stranger\'s key', () => ({ 'service-token': token({ key: strangerKey }) })],
    ['a token of another service\'s key', () => ({ 'service-token': token({ key: pemOf('order') }) })],
    ['a token whose key and issuer differ', () => ({ 'service-token': token({ kid: 'order', key: pemOf('order') }) })],
    ['a token of a service that does not exist', () => ({ 'service-token': token({ kid: 'root', iss: 'root' }) })],
    ['a token for another audience', () => ({ 'service-token': token({ aud: 'payment' }) })],
    ['a token of another kind', () => ({ 'service-token': token({ typ: 'at+jwt' }) })],
    ['an expired token', () => ({ 'service-token': token({ ageMs: 70_000 }) })],
    ['a token that lives too long', () => ({ 'service-token': token({ expiresIn: 3_600_000, ageMs: 120_000 }) })],
    ['a token that has been altered', () => ({ 'service-token': token({}).replace(/\.([\w-]{8})/, '.aaaaaaaa') })],
    ['another service that speaks for a user', () => ({ 'service-token': token({ kid: 'order', iss: 'order', key: pemOf('order') }), ...user })],
    ['roles without a user', () => ({ 'service-token': token({}), 'user-roles': 'admin' })],
    ['a role that does not exist', () => ({ 'service-token': token({}), ...user, 'user-roles': 'owner' })],
  ];

  it.each(forgeries)('is unauthenticated with %s', async (_what, metadata) => {
    const served = probe.calls.length;
    expect((await call(metadata()))?.code).toBe(status.UNAUTHENTICATED);
    expect((await call(metadata()))?.code).toBe(status.UNAUTHENTICATED); // Also when the verdict comes from the cache.
    expect(probe.calls.length).toBe(served);
  });

  it('is refused when its message is larger than a unary one may be', async () => {
    const error = await call({ 'service-token': token({}) }, Buffer.alloc(UNARY_BYTES_MAX + 1));
    expect([error?.code, error?.metadata.get('error-code')]).toEqual([status.INVALID_ARGUMENT, ['rpc.message_too_large']]);
  });

  it('is refused, not broken, when its bytes are no message', async () => {
    const error = await call({ 'service-token': token({}) }, Buffer.from([0x0a, 0xff, 0xff, 0x01]));
    expect([error?.code, error?.metadata.get('error-code')]).toEqual([status.INVALID_ARGUMENT, ['rpc.message_malformed']]);
  });
});

describe('grpc.health.v1', () => {
  const health = (service: string): Promise<number> =>
    new Promise((resolve, reject) => raw.makeUnaryRequest(healthDefinition.Check.path, healthDefinition.Check.requestSerialize, healthDefinition.Check.responseDeserialize, { service }, (error, answer) => (error ? reject(error) : resolve(answer ?? -1))));

  it('tells whether a service takes calls', async () => {
    expect(await health('')).toBe(1);
    expect(await health('exchange.bidding.v1.BiddingService')).toBe(1);
    expect(await health('exchange.nothing.v1.NothingService')).toBe(3);
    isServing = false;
    expect(await health('')).toBe(2);
  });
});
