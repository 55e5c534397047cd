import { EmbeddedBus } from '@libs/events/embedded-bus';
import { eventLine } from '@libs/events/event-line';
import { OwnedOutboxRelay } from '@libs/events/owned-outbox-relay';
import { Database } from '@libs/postgres/database';
import { testBusDatabase, type TestDatabase } from '@libs/testing/test-database';
import { disarmFailpoint, failOnce } from './fail-once';
import { Side, until } from './side';

/** A writer as bidding has one: it numbers its events itself and commits them as rows of its own. */
class Writer {
  private last = { pos: 0, events: '' };

  constructor(
    private readonly side: Side,
    readonly owner: string,
    readonly relay: OwnedOutboxRelay,
  ) {}

  async commit(key: string, ...kseqs: readonly number[]): Promise<void> {
    const headers = { id: 'evt_1', at: '2026-11-20T12:00:00Z' };
    const lines = kseqs.map((kseq) => eventLine({ name: 'user.suspended', key, kseq, event: { userId: key, reason: `r${kseq}` }, headers }));
    const [row] = await this.side.sql.query<{ pos: number }>('insert into outbox (owner, events, event_count) values ($1, $2, $3) returning pos', [this.owner, lines.join('\n'), lines.length]);
    this.last = { pos: row?.pos ?? 0, events: lines.join('\n') };
  }

  async commitAndHandOver(key: string, ...kseqs: readonly number[]): Promise<void> {
    await this.commit(key, ...kseqs);
    this.relay.handOver(this.last);
  }
}

describe('the relay beside the bidding writer', () => {
  let busDatabase: TestDatabase;
  let database: Database;
  let bus: EmbeddedBus;
  let side: Side;

  beforeEach(async () => {
    busDatabase = await testBusDatabase();
    database = await Database.open({ url: busDatabase.url, poolSize: 4, name: 'bus', acquireTimeoutMs: 20_000 });
    bus = new EmbeddedBus(database);
    side = await Side.start('user', bus);
  });
  afterEach(async () => {
    disarmFailpoint();
    await side.stop();
    await database.close();
    await busDatabase.close();
  });

  const writer = (owner: string) => new Writer(side, owner, new OwnedOutboxRelay({ sql: side.sql, bus, owner }));
  const drain = (relay: OwnedOutboxRelay) => until(async () => !(await relay.pass()));
  const told = async (key: string) => {
    await side.settle();
    return side.told(key);
  };

  it('sends what the writer hands over, and remembers how far it is', async () => {
    const one = writer('one');
    const { relay } = one;
    await relay.start();
    await drain(relay);
    await one.commitAndHandOver('m1', 1, 2);
    await one.commitAndHandOver('m1', 3);
    expect(await relay.pending()).toBe(3);
    await drain(relay);
    expect(await relay.pending()).toBe(0);
    expect(await told('m1')).toEqual(['r1', 'r2', 'r3']);
    expect(await side.sql.query('select published_at from outbox')).toEqual([{ published_at: null }, { published_at: null }]);
  });

  it('sends from the table what was committed but never handed over', async () => {
    const one = writer('one');
    await one.relay.start();
    await drain(one.relay);
    await one.commitAndHandOver('m1', 1);
    await one.commit('m1', 2); // Its fate was unknown to the writer, who says so.
    one.relay.readTable();
    await one.commitAndHandOver('m1', 3);
    await drain(one.relay);
    expect(await told('m1')).toEqual(['r1', 'r2', 'r3']);
  });

  it('sends the last rows of the owner before it first', async () => {
    const old = writer('old');
    await old.relay.start();
    await old.commitAndHandOver('m1', 1);
    await drain(old.relay);
    await old.commit('m1', 2);
    const next = writer('next');
    await next.relay.start();
    await next.commitAndHandOver('m1', 3);
    await drain(next.relay);
    expect(await told('m1')).toEqual(['r1', 'r2', 'r3']);
    expect(side.consumer.fates).toMatchObject({ late: 0, queued: 0 });
  });

  it('sends the rows of a living owner first whose shards were taken over', async () => {
    const [paused, next] = [writer('paused'), writer('next')];
    await paused.relay.start();
    await next.relay.start();
    await drain(next.relay);
    await paused.commit('m1', 1, 2);
    next.relay.takeOver('paused');
    await next.commitAndHandOver('m1', 3);
    await drain(next.relay);
    paused.relay.readTable();
    await drain(paused.relay); // Back from its pause, it sends again what is on the bus already.
    expect(await told('m1')).toEqual(['r1', 'r2', 'r3']);
  });

  it.each(['relay.afterRead', 'relay.afterSend', 'relay.beforeMark'] as const)('loses and doubles nothing when it dies at %s', async (point) => {
    const one = writer('one');
    await one.relay.start();
    await one.commitAndHandOver('m1', 1, 2);
    failOnce(point);
    await expect(drain(one.relay)).rejects.toThrow(point);
    const next = writer('next');
    await next.relay.start();
    await next.commitAndHandOver('m1', 3);
    await drain(next.relay);
    expect(await told('m1')).toEqual(['r1', 'r2', 'r3']);
  });

  it('goes on by itself when a pass has failed', async () => {
    const one = writer('one');
    await one.relay.start();
    await drain(one.relay);
    await one.commitAndHandOver('m1', 1);
    failOnce('relay.afterSend');
    await expect(drain(one.relay)).rejects.toThrow('relay.afterSend');
    await one.commitAndHandOver('m1', 2);
    await drain(one.relay);
    expect(await told('m1')).toEqual(['r1', 'r2']);
  });

  it('leaves rows with an owner to their owner', async () => {
    const one = writer('one');
    await one.relay.start();
    await one.commit('m1', 1);
    await side.relay.pass();
    expect(await bus.lag('user', ['users'])).toBe(0);
    expect(await one.relay.pending()).toBe(1);
    await drain(one.relay);
    expect(await told('m1')).toEqual(['r1']);
  });
});
