import { inspect } from 'node:util';
import { armFailpoint, failpoint } from '@libs/kernel/failpoint';
import { WallClock } from '@libs/kernel/clock';
import { z } from 'zod';
import { Activity } from '../activity';
import { ConfigError, configOf, parseAll, Secret, secret } from '../config';
import { SystemWallClock } from '../clocks';
import { armFailpoints } from '../failpoints';
import { Health } from '../health';
import { InternalHttp } from '../internal/internal-http';
import { Metrics } from '../metrics';
import { UuidIds } from '../uuid-ids';

describe('configuration', () => {
  class BookConfig extends configOf(z.object({ LIMIT: z.coerce.number().int().default(500), KEY: secret().optional() })) {}

  it('has defaults, and takes an empty text for none', () => {
    expect(new BookConfig({}).values.LIMIT).toBe(500);
    expect(new BookConfig({ LIMIT: '' }).values.LIMIT).toBe(500);
    expect(new BookConfig({ LIMIT: '7', OTHER: 'x' }).values).toEqual({ LIMIT: 7 });
  });

  it('names every wrong key of all schemas at once', () => {
    const read = () => parseAll({ LIMIT: 'x', PORT: '-1' }, BookConfig.schema, z.object({ PORT: z.coerce.number().min(0), URL: z.url() }));
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/LIMIT: .*\n {2}PORT: .*\n {2}URL: /);
  });

  it('never shows a secret', () => {
    const { KEY } = new BookConfig({ KEY: 'sk_live_1' }).values;
    expect(KEY?.reveal()).toBe('sk_live_1');
    expect([String(KEY), JSON.stringify({ KEY }), inspect(KEY), `${new Secret('x')}`].join()).not.toContain('sk_live');
    expect(Object.values(KEY ?? {})).toEqual([]);
  });
});

describe('ids', () => {
  it('sort in the order in which they were made, many in a millisecond, also when the clock goes back', () => {
    let at = 1_800_000_000_000;
    class Wall extends WallClock {
      now = () => new Date(at);
    }
    const ids = new UuidIds(new Wall());
    const made = Array.from({ length: 20_000 }, (_, i) => {
      if (i === 10_000) at -= 5_000;
      return ids.next('bid');
    });
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  it('are UUIDs of version 7 with today\'s time', () => {
    const id = new UuidIds(new SystemWallClock()).next('usr');
    expect(id).toMatch(/^usr_01[0-9a-z]{24}$/);
  });
});

describe('fail points', () => {
  it('are armed from the environment, for the passage that is named', () => {
    armFailpoints({ NODE_ENV: 'test', FAILPOINTS: 'order.afterCommit:throw@2' });
    expect(() => failpoint('order.afterCommit')).not.toThrow();
    expect(() => failpoint('order.afterCommit')).toThrow('fail point order.afterCommit');
    expect(() => failpoint('order.afterCommit')).not.toThrow();
    armFailpoint('order.afterCommit', () => undefined);
  });

  it.each([
    ['outside of tests', { FAILPOINTS: 'order.afterCommit:kill' }],
    ['for a point that does not exist', { NODE_ENV: 'test', FAILPOINTS: 'order.nowhere:kill' }],
    ['with an action that does not exist', { NODE_ENV: 'test', FAILPOINTS: 'order.afterCommit:explode' }],
  ])('are refused %s', (_when, environment) => expect(() => armFailpoints(environment)).toThrow(ConfigError));
});

describe('readiness', () => {
  it('says what is not ready, and why, and that a service which stops is not', async () => {
    const health = new Health();
    let isConnected = false;
    health.require('database', () => {
      if (!isConnected) throw new Error('no connection');
    });
    health.report('clock', () => ({ offsetMs: 5 }));
    expect(await health.readiness()).toEqual({ ready: false, failing: { service: 'starting', database: 'no connection' }, details: { clock: { offsetMs: 5 } } });
    health.started();
    isConnected = true;
    expect(await health.readiness()).toMatchObject({ ready: true, failing: {} });
    health.stopping();
    expect(await health.readiness()).toMatchObject({ ready: false, failing: { service: 'stopping' } });
  });
});

describe('metrics', () => {
  it('of two services do not meet, and a name asked twice is one metric', async () => {
    const [bidding, order] = [new Metrics('bidding'), new Metrics('order')];
    bidding.counter('bids_total', 'Bids.', ['side']).inc({ side: 'bid' });
    bidding.counter('bids_total', 'Bids.', ['side']).inc({ side: 'bid' });
    order.counter('bids_total', 'Bids.', ['side']);
    let depth = 3;
    order.gauge('depth', 'Depth.', [], () => depth);
    expect(await bidding.text()).toContain('bids_total{side="bid",service="bidding"} 2');
    depth = 4;
    expect(await order.text()).toContain('depth{service="order"} 4');
    expect(await order.text()).not.toContain('side="bid"');
  });

  it('name in each bucket a trace that is recorded as its example, for whoever asks for OpenMetrics', async () => {
    const metrics = new Metrics('order');
    metrics.counter('bids_total', 'Bids.').inc();
    const took = metrics.durations('call_seconds', 'Calls.', ['method', 'code']);
    const [first, second] = ['a', 'b'].map((id) => `00-${id.repeat(32)}-${'1'.repeat(16)}-01`);
    took.observe(['PlaceBid', 'ok'], 0.03, first);
    took.observe(['PlaceBid', 'ok'], 0.04, second);
    took.observe(['PlaceBid', 'ok'], 0.3);
    took.observe(['PlaceBid', 'ok'], 99, first);
    const open = await metrics.openMetrics();
    const bucket = (le: string) => open.split('\n').find((line) => line.startsWith(`call_seconds_bucket{le="${le}"`));
    expect(bucket('0.05')).toMatch(/\{le="0.05",method="PlaceBid",code="ok",service="order"\} 2 # \{trace_id="b{32}"\} 0.04 \d+\.\d+$/);
    expect([bucket('0.025'), bucket('0.5')].map((line) => line?.split(' ').slice(1))).toEqual([['0'], ['3']]);
    expect(bucket('+Inf')).toMatch(/ 4 # \{trace_id="a{32}"\} 99 /);
    expect(open).toMatch(/^# TYPE bids counter\nbids_total\{service="order"\} 1$/m);
    expect(open.endsWith('# EOF\n')).toBe(true);
    const text = await metrics.text();
    expect(text).toMatch(/^# TYPE bids_total counter\nbids_total\{service="order"\} 1$/m);
    expect(text).toMatch(/^call_seconds_bucket\{le="0.05",method="PlaceBid",code="ok",service="order"\} 2$/m);
    expect([text.includes('trace_id'), await metrics.openMetrics()]).toEqual([false, open]);
  });
});

describe('activity', () => {
  it('is not nothing while the service is starting, though no part of it has told yet what is left to do', async () => {
    const health = new Health();
    const http = new InternalHttp(health, new Metrics('parts'), new Activity());
    const url = await http.listen(0, '127.0.0.1');
    const left = async () => (await fetch(`${url}/activity`)).json();
    expect(await left()).toEqual({ starting: 1 });
    health.started();
    expect(await left()).toEqual({ starting: 0 });
    await http.close();
  });
});
