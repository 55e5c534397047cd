import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { Harness, quoteIdOf, said } from './writer-harness';

/** Between a writer and its database: can lose the answer to whatever is sent next, which the server still gets. */
class LossyLine {
  private loseNextAnswer = false;
  private readonly sockets = new Set<Socket>();
  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async open(to: URL): Promise<LossyLine & { url: string }> {
    const server = createServer();
    const line = new LossyLine(server);
    server.on('connection', (client) => line.carry(client, connect(Number(to.port), to.hostname)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(to);
    url.port = String((server.address() as AddressInfo).port);
    return Object.assign(line, { url: url.href });
  }

  loseTheNextAnswer(): void {
    this.loseNextAnswer = true;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private carry(client: Socket, server: Socket): void {
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
    }
    client.on('data', (bytes) => {
      server.write(bytes);
      if (!this.loseNextAnswer) return;
      this.loseNextAnswer = false;
      server.removeAllListeners('data');
      // It has answered: what was sent is done, and nobody has heard.
      server.once('data', () => {
        client.destroy();
        server.end();
      });
    });
    server.on('data', (bytes) => client.write(bytes));
    client.on('close', () => server.end());
    server.on('close', () => client.destroy());
  }
}

describe('owners of shards', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await Harness.open();
  });
  afterEach(async () => {
    const violations = await harness.violations();
    await harness.close();
    expect(violations).toEqual([]);
  });

  it('a second process stands by, and takes over where the first one stopped', async () => {
    const first = await harness.desk();
    const second = await harness.desk();
    expect([first.writer.owned.size, second.writer.owned.size]).toEqual([16, 0]);
    const ask = await first.ask('sam', 450);
    await second.writer.tend();
    expect(second.writer.owned.size).toBe(0);
    await first.writer.stop();
    await second.writer.tend();
    expect(second.writer.owned.size).toBe(16);
    const bid = await second.bid('ann', 450);
    expect('done' in bid && bid.done.match?.askId).toBe(quoteIdOf(ask));
  });

  it('an owner that was overtaken writes nothing more, and answers "send it again"', async () => {
    const desk = await harness.desk();
    await desk.ask('sam', 450);
    await harness.sql.query('update shards set epoch = epoch + 1');
    expect(said(await desk.bid('ann', 450, { key: 'k' }))).toBe('bidding.retry');
    expect(await harness.rows('select 1 as match from matches')).toEqual([]);
    await desk.writer.tend();
    expect(said(await desk.bid('ann', 450, { key: 'k' }))).toBe('matched');
  });

  it('a take-over while a paused owner still holds a batch: the batch is refused', async () => {
    const desk = await harness.desk();
    await desk.ask('sam', 450);
    // The commit waits for the shard's row, which somebody who takes over holds.
    const taker = await harness.desk();
    await harness.sql.query('begin');
    await harness.sql.query('update shards set epoch = epoch + 1');
    const late = desk.bid('ann', 450);
    await waitingBackends(harness, 1);
    await harness.sql.query('commit');
    expect(said(await late)).toBe('bidding.retry');
    expect(await harness.rows('select 1 as match from matches')).toEqual([]);
    await taker.writer.tend();
  });

  it('a connection that dies within the commit: nothing has landed, the same key does it once', async () => {
    const desk = await harness.desk();
    await desk.ask('sam', 450);
    await harness.sql.query('begin');
    await harness.sql.query('select * from markets for update');
    const lost = [desk.bid('ann', 450, { key: 'k' }), desk.bid('bob', 440, { key: 'b' })];
    await waitingBackends(harness, 1);
    await harness.sql.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'pairwise-bidding-writer' and wait_event_type = 'Lock'`);
    await harness.sql.query('rollback');
    expect((await Promise.all(lost)).map(said)).toEqual(['bidding.retry', 'bidding.retry']);
    expect(await harness.rows('select 1 as match from matches')).toEqual([]);
    expect(said(await desk.bid('ann', 450, { key: 'k' }))).toBe('matched');
    expect(said(await desk.bid('bob', 440, { key: 'b' }))).toBe('active');
  });

  it('a commit whose answer is lost: what landed is found by its keys, and answered', async () => {
    const line = await LossyLine.open(new URL(harness.database.url));
    const desk = await harness.desk(line.url);
    await desk.ask('sam', 450);
    const epoch = (await harness.rows<{ epoch: string }>('select epoch from shards where id = 0'))[0]?.epoch;
    line.loseTheNextAnswer();
    const replies = await Promise.all([desk.bid('ann', 450, { key: 'k' }), desk.bid('bob', 440), desk.bid('sam', 450)]);
    expect(replies.map(said)).toEqual(['replayed matched', 'replayed active', 'replayed active']);
    expect((await harness.rows<{ epoch: string }>('select epoch from shards where id = 0'))[0]?.epoch).toBe(String(Number(epoch) + 1));
    expect(said(await desk.bid('ann', 450, { key: 'k' }))).toBe('replayed matched');
    expect(await harness.rows('select 1 as quote from quotes')).toHaveLength(4);
    const market = desk.writer.floor.markets.get(harness.markets[0] as string);
    expect([market?.seq, market?.book.count('bid')]).toEqual([4, 2]);
    line.close();
  });

  it('a database that is away: commands are refused as to be sent again, and work goes on when it is back', async () => {
    const desk = await harness.desk();
    await desk.ask('sam', 450);
    await harness.sql.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name in ('pairwise-bidding-writer', 'pairwise-bidding-keys')`);
    const seen = new Set<string>();
    for (let tries = 0; tries < 100 && !seen.has('matched'); tries++) {
      await desk.writer.tend();
      seen.add(said(await desk.bid('ann', 450, { key: 'k' })));
    }
    seen.delete('matched');
    expect([...seen].every((word) => ['bidding.retry', 'bidding.database_unavailable'].includes(word))).toBe(true);
    expect(said(await desk.bid('ann', 450, { key: 'k' }))).toBe('replayed matched');
  });
});

/** Until so many writers wait for a lock. */
async function waitingBackends(harness: Harness, count: number): Promise<void> {
  for (;;) {
    const [row] = await harness.rows<{ n: number }>(`select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'pairwise-bidding-writer' and wait_event_type = 'Lock'`);
    if (row && row.n >= count) return;
  }
}
