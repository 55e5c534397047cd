import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { freePort } from '@libs/testing/free-port';

const isAway = (error: unknown) => error instanceof AppError && error.code === 'postgres.unavailable';

describe('the embedded server', () => {
  let folder: string;
  let servers: EmbeddedPostgres[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'embedded-')); // Only its owner may enter: the server's user, if it is another, must not need to.
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    for (const { dataDir } of servers) for (const path of [dataDir, `${dataDir}.log`, `${dataDir}.starter`]) rmSync(path, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async () => {
    const server = await EmbeddedPostgres.start({ dataDir: join(folder, 'data'), port: await freePort() });
    servers.push(server);
    return server;
  };

  it('keeps what was committed when it is stopped, and offers each database once', async () => {
    const first = await start();
    await first.ensureDatabases(['order', 'bus']);
    const database = await Database.open({ url: first.url('order'), poolSize: 1, name: 'order' });
    expect(await database.problems()).toEqual([]);
    expect(await database.sql.query('show data_checksums')).toEqual([{ data_checksums: 'on' }]);
    await database.sql.query('create table kept as select 1 as one');
    await database.close();
    await first.stop();
    const second = await start();
    await second.ensureDatabases(['order', 'bus']);
    const again = await Database.open({ url: second.url('order'), poolSize: 1, name: 'order' });
    expect(await again.sql.query('select one from kept')).toEqual([{ one: 1 }]);
    await again.close();
  }, 60_000);

  it('takes its folder back from a server whose starter was killed', async () => {
    const orphan = await start();
    const database = await Database.open({ url: orphan.url('postgres'), poolSize: 1, name: 'test' });
    await database.sql.query('create table kept as select 1 as one');
    await database.close();
    const next = await start();
    await orphan.exited;
    const again = await Database.open({ url: next.url('postgres'), poolSize: 1, name: 'test' });
    expect(await again.sql.query('select one from kept')).toEqual([{ one: 1 }]);
    await again.close();
  }, 60_000);

  it('leaves a server alone whose starter lives', async () => {
    const first = await start();
    const starter = spawnSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).stdout.trim();
    const birth = readFileSync(`/proc/${starter}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(`${first.dataDir}.starter`, `${starter} ${birth}`);
    await expect(start()).rejects.toThrow(`is in use by process ${starter}`);
    process.kill(Number(starter), 'SIGKILL');
    await start();
    await first.exited;
  }, 60_000);

  it('is there again after its process was killed, with all that was committed', async () => {
    const server = await start();
    const killed = server.pid;
    const database = await Database.open({ url: server.url('postgres'), poolSize: 1, name: 'test' });
    await database.sql.query('create table kept as select 1 as one');
    process.kill(killed, 'SIGKILL');
    const kept = async (): Promise<unknown> => {
      const answer = await database.sql.query('select one from kept').catch((error: unknown) => error);
      return isAway(answer) || server.pid === killed ? kept() : answer; // Sessions outlive their killed server for a moment.
    };
    expect(await kept()).toEqual([{ one: 1 }]);
    await database.close();
  }, 60_000);

  it('stops for good even while it is being started again', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow('ESRCH');
  }, 60_000);

  it('does not take a stranger for the server that its folder names', async () => {
    const first = await start();
    await first.stop();
    const stranger = spawnSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' });
    writeFileSync(join(first.dataDir, 'postmaster.pid'), `${stranger.stdout.trim()}\n`);
    await start();
    expect(process.kill(Number(stranger.stdout), 0)).toBe(true);
    process.kill(Number(stranger.stdout), 'SIGKILL');
  }, 60_000);

  it('says why it does not start', async () => {
    chmodSync(folder, 0o755); // Else the second folder would be made elsewhere, and stay there.
    const first = await start();
    await expect(EmbeddedPostgres.start({ dataDir: join(folder, 'other'), port: first.port })).rejects.toThrow('could not bind IPv4 address "127.0.0.1"');
  }, 60_000);
});
