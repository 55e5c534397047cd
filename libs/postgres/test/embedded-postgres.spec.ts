import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '@libs/postgres/database';
import { EmbeddedPostgres } from '@libs/postgres/embedded-postgres';
import { freePort } from '@libs/testing/free-port';

describe('the embedded server', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'embedded-')); // Only its owner may enter: the server's user, if it is another, must not need to.
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = async () => EmbeddedPostgres.start({ dataDir: join(folder, 'data'), port: await freePort() });
  const removeData = ({ dataDir }: EmbeddedPostgres) => [dataDir, `${dataDir}.log`, `${dataDir}.starter`].forEach((path) => rmSync(path, { recursive: true, force: true }));

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
    await second.stop();
    removeData(second);
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
    await next.stop();
    removeData(next);
  }, 60_000);

  it('leaves a server alone whose starter lives', async () => {
    const first = await start();
    const starter = spawnSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' }).stdout.trim();
    const birth = readFileSync(`/proc/${starter}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(`${first.dataDir}.starter`, `${starter} ${birth}`);
    await expect(start()).rejects.toThrow(`is in use by process ${starter}`);
    process.kill(Number(starter), 'SIGKILL');
    const second = await start();
    await first.exited;
    await second.stop();
    removeData(second);
  }, 60_000);

  it('does not take a stranger for the server that its folder names', async () => {
    const first = await start();
    await first.stop();
    const stranger = spawnSync('sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!'], { encoding: 'utf8' });
    writeFileSync(join(first.dataDir, 'postmaster.pid'), `${stranger.stdout.trim()}\n`);
    const second = await start();
    expect(process.kill(Number(stranger.stdout), 0)).toBe(true);
    process.kill(Number(stranger.stdout), 'SIGKILL');
    await second.stop();
    removeData(second);
  }, 60_000);

  it('says why it does not start', async () => {
    chmodSync(folder, 0o755); // Else the second folder would be made elsewhere, and stay there.
    const first = await start();
    await expect(EmbeddedPostgres.start({ dataDir: join(folder, 'other'), port: first.port })).rejects.toThrow('could not bind IPv4 address "127.0.0.1"');
    await first.stop();
    removeData(first);
  }, 60_000);
});
