import { existsSync, readFileSync } from 'node:fs';
import { services, topics } from '@libs/contracts/events';
import { busTopics } from '@libs/events/kafka-topics';
import { load } from 'js-yaml';

/** The part of the Compose specification that our file uses: anything else in it is a slip of the pen. */
interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = load(text) as Compose; // Its shape is what the tests below hold.
const all = Object.entries(compose.services);
const KEYS = {
  '': ['name', 'services', 'volumes', 'configs'],
  service: ['image', 'build', 'command', 'configs', 'depends_on', 'environment', 'healthcheck', 'init', 'ports', 'restart', 'shm_size', 'stop_grace_period', 'volumes'],
  healthcheck: ['test', 'interval', 'timeout', 'retries', 'start_period'],
};
const unknown = (value: object, known: readonly string[]) => Object.keys(value).filter((key) => !known.includes(key));

describe('docker-compose.yml', () => {
  it('uses only keys of the Compose specification, in their shapes', () => {
    expect(unknown(compose, KEYS['']).filter((key) => !key.startsWith('x-'))).toEqual([]);
    expect(all.flatMap(([name, service]) => unknown(service, KEYS.service).map((key) => `${name}.${key}`))).toEqual([]);
    expect(all.flatMap(([name, { healthcheck }]) => unknown(healthcheck ?? {}, KEYS.healthcheck).map((key) => `${name}.${key}`))).toEqual([]);
    const isText = (value: unknown) => typeof value === 'string' || typeof value === 'number';
    expect(all.filter(([, { environment }]) => !Object.values(environment ?? {}).every(isText)).map(([name]) => name)).toEqual([]);
    const conditions = all.flatMap(([, { depends_on }]) => Object.values(depends_on ?? {})).map(({ condition }) => condition);
    expect(conditions.filter((condition) => !['service_started', 'service_healthy', 'service_completed_successfully'].includes(condition))).toEqual([]);
  });

  it('runs every service of the exchange, each as a process of its own from one image', () => {
    for (const name of [...services, 'sandbox']) expect(compose.services[name]).toMatchObject({ image: 'pairwise', command: ['node', `dist/apps/${name}/src/main.js`] });
    expect(services.filter((name) => !existsSync(`apps/${name}/src/main.ts`))).toEqual([]);
  });

  it('knows the health of everything that stays', () => {
    expect(all.filter(([, { restart, healthcheck }]) => restart !== 'no' && healthcheck === undefined).map(([name]) => name)).toEqual([]);
    const waitedFor = all.flatMap(([name, { depends_on }]) => Object.entries(depends_on ?? {}).map(([other, { condition }]) => ({ name, other, condition })));
    expect(waitedFor.filter(({ other }) => !compose.services[other])).toEqual([]);
    expect(waitedFor.filter(({ other, condition }) => condition === 'service_healthy' && !compose.services[other]?.healthcheck)).toEqual([]);
  });

  it('pins every image, and opens every door on the loopback address alone, each once', () => {
    expect(all.map(([, { image }]) => image).filter((image) => image !== 'pairwise' && !/:\d+\.\d+(\.\d+)?$/.test(image))).toEqual([]);
    const ports = all.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
    expect(new Set(ports.map((port) => port.split(':')[1])).size).toBe(ports.length);
  });

  it('keeps what must last in volumes that it declares', () => {
    const named = all.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '');
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('gives each service a database, and each is made', () => {
    const wanted = all.flatMap(([, { environment }]) => Object.values(environment ?? {})).flatMap((value) => /@postgres:5432\/(\w+)$/.exec(String(value))?.[1] ?? []);
    expect(compose.configs.databases?.content.match(/"(\w+)"/g)?.sort()).toEqual(wanted.map((name) => `"${name}"`).sort());
    expect(wanted.sort()).toEqual(services.filter((name) => name !== 'gateway').sort());
  });

  it('finds each neighbour where it listens', () => {
    for (const name of services.filter((one) => one !== 'gateway')) {
      const port = String(compose.services[name]?.environment?.[`${name.toUpperCase()}_RPC_LISTEN`]).split(':')[1];
      expect(compose.services.gateway?.environment?.[`${name.toUpperCase()}_RPC_URL`]).toBe(`${name}:${port}`);
      expect(String(compose.services.gateway?.environment?.INTERNAL_ADDRESSES)).toContain(`${name}=${String(compose.services[name]?.environment?.HEALTH_URL).replace('127.0.0.1', name).replace('/health/ready', '')}`);
    }
  });

  it('asks for secrets instead of holding any, and .env.example names every variable', () => {
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name ?? ''));
    const example = readFileSync('.env.example', 'utf8');
    expect([...asked].filter((name) => !new RegExp(`^#? ?${name}=`, 'm').test(example))).toEqual([]);
    expect([...text.matchAll(/(PASSWORD|TOKEN|SECRET): (?!\$\{)\S+/g)].map(([found]) => found)).toEqual([]);
  });
});

describe('the public workflow', () => {
  it('gives the engines\' tests every engine that they know, as a service container, and calls their own command', () => {
    const { jobs } = load(readFileSync('.github/workflows/ci.yml', 'utf8')) as { jobs: { engines: { services: object; env: Record<string, string>; steps: { run?: string }[] } } }; // As the test holds it to be.
    const known = [...readFileSync('scripts/test-engines.mjs', 'utf8').matchAll(/settings: \[(.*?)\]/g)].flatMap(([, keys]) => (keys ?? '').replaceAll(/['\s]/g, '').split(','));
    expect(known.length).toBeGreaterThan(0);
    expect(Object.keys(jobs.engines.env).sort()).toEqual([...known].sort());
    expect(Object.keys(jobs.engines.services)).toEqual(['kafka', 'elasticsearch', 'influxdb', 'redis']);
    expect(jobs.engines.steps.map(({ run }) => run).filter(Boolean)).toEqual(['npm run test:engines']);
  });
});

describe('the topics of the bus', () => {
  it('are those of the contracts', () => expect([...busTopics].sort()).toEqual(Object.keys(topics).sort()));
});
