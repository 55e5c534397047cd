import { Redis } from 'ioredis';
import { until } from '@libs/testing/exchange-process';
import { testRedis, type TestRedis } from '@libs/testing/test-redis';
import { EmbeddedUserFeed } from '../embedded-user-feed';
import { RedisConnection } from '../redis-connection';
import { RedisUserFeed } from '../redis-user-feed';
import { type Change, Ear, userFeedContract } from './user-feed.contract';

const quiet = { warn: () => undefined, info: () => undefined };
const WAIT_MS = 30_000;

const embedded = new EmbeddedUserFeed<Change>();
userFeedContract('the feed of one process', () => ({ publishing: embedded, listening: embedded }));

describe('the feed over Redis', () => {
  let server: TestRedis;
  let operator: Redis;
  let alone: RedisUserFeed<Change>;
  let here: RedisUserFeed<Change>;
  let there: RedisUserFeed<Change>;
  const opened: (() => Promise<void>)[] = [];

  /** As a process of its own would have it. */
  async function open(name: string): Promise<RedisUserFeed<Change> & { stop(): Promise<void> }> {
    const connection = await RedisConnection.open(server.url, quiet);
    const feed = new RedisUserFeed<Change>(name, connection, quiet);
    const stop = async () => {
      feed.beforeApplicationShutdown();
      await connection.close();
    };
    opened.push(stop);
    return Object.assign(feed, { stop });
  }

  const listenersOf = async (channel: string) => Number((await operator.pubsub('NUMSUB', channel))[1]);
  const everybodyListens = (name: string, processes: number) => until('every process listens', WAIT_MS, async () => (await listenersOf(`${name}:watched`)) === processes);

  beforeAll(async () => {
    server = await testRedis();
    operator = new Redis(server.url);
    alone = await open('alone');
    [here, there] = [await open('pair'), await open('pair')];
    await Promise.all([everybodyListens('alone', 1), everybodyListens('pair', 2)]);
  });
  afterAll(async () => {
    await Promise.all(opened.map((stop) => stop()));
    operator.disconnect();
    await server.close();
  });

  userFeedContract('to the publishing process itself', () => ({ publishing: alone, listening: alone }));
  userFeedContract('to another process', () => ({ publishing: here, listening: there }));

  async function watching(name: string, userId: string) {
    const [publishing, listening, ear] = [await open(name), await open(name), new Ear()];
    await everybodyListens(name, 2);
    listening.subscribe(ear).watch([userId]);
    await until('the user is watched', WAIT_MS, () => publishing.isWatched(userId));
    await ear.reads(userId);
    return { publishing, listening, ear };
  }

  it('sends nothing for users whom nobody watches', async () => {
    const spy = new Redis(server.url);
    const seen: string[] = [];
    spy.on('pmessage', (_pattern, _channel, text: string) => seen.push(text));
    await spy.psubscribe('silent:*');
    const { publishing, ear } = await watching('silent', 'usr_watched');
    publishing.publish([{ userId: 'usr_nobody', what: 'placed' }]);
    publishing.publish([{ userId: 'usr_watched', what: 'placed' }]);
    await ear.hears('usr_watched: placed');
    expect(seen.filter((text) => text.includes('usr_nobody'))).toEqual([]);
    spy.disconnect();
  });

  it('a publisher that begins anew learns who is watched, and what it may not have told is read again', async () => {
    const { publishing, ear } = await watching('restarted', 'usr_1');
    await publishing.stop();
    const readings = ear.readings.length;
    const anew = await open('restarted');
    await ear.reads('usr_1', readings + 1);
    await until('it knows', WAIT_MS, () => anew.isWatched('usr_1'));
    anew.publish([{ userId: 'usr_1', what: 'matched' }]);
    await ear.hears('usr_1: matched');
  });

  it('what a lost connection did not hear is read again, and the changes after it are heard', async () => {
    const { publishing, listening, ear } = await watching('cut', 'usr_1');
    const connection = Reflect.get(listening, 'subscription') as Redis; // What a network does to it is not for the port to say.
    const readings = ear.readings.length;
    connection.disconnect(true);
    await ear.reads('usr_1', readings + 1);
    publishing.publish([{ userId: 'usr_1', what: 'matched' }]);
    await ear.hears('usr_1: matched');
  });

  it('what could not be published is read again once Redis takes it', async () => {
    const { publishing, ear } = await watching('refused', 'usr_1');
    const { client } = Reflect.get(publishing, 'redis') as RedisConnection; // As above.
    const readings = ear.readings.length;
    client?.once('close', () => publishing.publish([{ userId: 'usr_1', what: 'matched' }]));
    client?.disconnect(true);
    await ear.reads('usr_1', readings + 1);
    expect(ear.heard).toEqual([]);
  });

  it('a process that is gone is wanted no more', async () => {
    const { publishing, listening } = await watching('gone', 'usr_1');
    await listening.stop();
    await until('it is forgotten', WAIT_MS, async () => {
      publishing.publish([{ userId: 'usr_1', what: 'matched' }]);
      return !publishing.isWatched('usr_1');
    });
  });
});
