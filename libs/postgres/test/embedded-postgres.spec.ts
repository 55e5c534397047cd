import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { freePort } from '@libs/chassis/free-ports';
import { BUILD, until } from '@libs/testing/exchange-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';

const isAway = (error: unknown) => error instanceof AppError && error.code === 'postgres.unavailable';

describe('the embedded server', () => {
  let folder: string;
  let servers: EmbeddedPostgres[];

  beforeEach(() => {
    folder = temporaryFolder('embedded');
    servers = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.stop();
    await EmbeddedPostgres.remove(join(folder, 'data'));
  });

  const start = async () => {
    const server = await EmbeddedPostgres.start({ dataDir: join(folder, 'data'), port: await freePort(folder) });
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

  it('starts after a kill that came while its folder was made, and keeps nothing of it', async () => {
    const program = `require(process.argv[1]).EmbeddedPostgres.start({ dataDir: process.argv[2], port: Number(process.argv[3]) })`;
    const starter = spawn(process.execPath, ['-e', program, join(BUILD, 'libs/postgres/embedded-postgres.js'), join(folder, 'data'), String(await freePort(folder))], { stdio: 'ignore', detached: true });
    const ended = once(starter, 'exit');
    await until('the folder is being made', 30_000, () => readdirSync(folder).some((name) => existsSync(join(folder, name, 'PG_VERSION'))));
    process.kill(-Number(starter.pid), 'SIGKILL');
    await ended;
    await (await start()).ensureDatabases(['order']);
    expect(readdirSync(folder).filter((name) => name.startsWith('data.half-made'))).toEqual([]);
  }, 60_000);

  it('says why it does not start', async () => {
    const first = await start();
    await expect(EmbeddedPostgres.start({ dataDir: join(folder, 'other'), port: first.port })).rejects.toThrow('could not bind IPv4 address "127.0.0.1"');
  }, 60_000);

  // PostgreSQL refuses root, and runs as a user who cannot get through a folder that is root's alone.
  (process.getuid?.() === 0 ? describe : describe.skip)("of root's, in a folder that is closed to everybody else", () => {
    beforeEach(() => chmodSync(folder, 0o700));

    it('keeps its data where the machine keeps data, finds them again, and leaves nothing when they are removed', async () => {
      const first = await start();
      expect(first.dataDir).toMatch(/^\/var\/lib\/pairwise\//);
      expect(lstatSync(join(folder, 'data')).isSymbolicLink()).toBe(true);
      await first.ensureDatabases(['order']);
      await first.stop();
      const second = await start();
      expect(second.dataDir).toBe(first.dataDir);
      await (await Database.open({ url: second.url('order'), poolSize: 1, name: 'order' })).close();
      await second.stop();
      await EmbeddedPostgres.remove(join(folder, 'data'));
      expect([first.dataDir, `${first.dataDir}.log`, `${first.dataDir}.starter`, join(folder, 'data')].filter((name) => existsSync(name))).toEqual([]);
    }, 60_000);

    it('is a new one in a data folder that was made anew: the old one belongs to secrets that are gone', async () => {
      const first = await start();
      await first.stop();
      rmSync(join(folder, 'data'));
      const second = await start();
      expect(second.dataDir).not.toBe(first.dataDir);
      await EmbeddedPostgres.remove(first.dataDir);
    }, 60_000);

    it('is not shared with a copy of its data folder, nor removed with it', async () => {
      const original = await start();
      await original.stop();
      const copy = join(folder, 'copy');
      symlinkSync(original.dataDir, copy);
      await expect(EmbeddedPostgres.start({ dataDir: copy, port: original.port })).rejects.toThrow('the database of another data folder');
      await EmbeddedPostgres.remove(copy);
      expect([existsSync(copy), existsSync(original.dataDir)]).toEqual([false, true]);
    }, 60_000);

    it('says so when its data are gone, and does not begin anew beside the secrets of before', async () => {
      const lost = await start();
      await lost.stop();
      rmSync(lost.dataDir, { recursive: true });
      await expect(start()).rejects.toThrow('where there is no database');
    }, 60_000);
  });
});
