import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { migrate } from '@libs/postgres/migrate';
import { temporaryFolder } from '@libs/testing/temporary-folder';
import { testDatabase, type TestDatabase } from '@libs/testing/test-database';

describe('migrations', () => {
  let test: TestDatabase;
  let directory: string;

  beforeEach(async () => {
    test = await testDatabase();
    directory = temporaryFolder('migrations');
  });
  afterEach(async () => {
    rmSync(directory, { recursive: true });
    await test.close();
  });

  const write = (name: string, sql: string) => writeFileSync(join(directory, name), sql);
  const run = () => migrate(test.url, [{ name: 'service', directory }]);
  const rows = async (text: string) => {
    const client = new Client({ connectionString: test.url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };

  it('land once each, in order, however many start at the same time', async () => {
    write('0001-shoes.sql', 'create table shoes (id int);');
    write('0002-first-shoe.sql', 'insert into shoes values (1);');
    await Promise.all([run(), run(), run()]);
    write('0003-second-shoe.sql', 'insert into shoes values (2);');
    await Promise.all([run(), run()]);
    expect(await rows('select id from shoes order by id')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await rows(`select name from migrations where set = 'service' order by number`)).toHaveLength(3);
  });

  it('land whole or not at all', async () => {
    write('0001-shoes.sql', 'create table shoes (id int); insert into nowhere values (1);');
    await expect(run()).rejects.toThrow('service/0001-shoes.sql: relation "nowhere" does not exist');
    write('0001-shoes.sql', 'create table shoes (id int);');
    await run();
    expect(await rows('select * from shoes')).toEqual([]);
  });

  it('are refused when one that landed has changed', async () => {
    write('0001-shoes.sql', 'create table shoes (id int);');
    await run();
    write('0001-shoes.sql', 'create table shoes (id bigint);');
    await expect(run()).rejects.toThrow('has changed since it landed');
  });

  it('are refused when one comes before another that landed, or shares its number', async () => {
    write('0002-shoes.sql', 'create table shoes (id int);');
    await run();
    write('0001-socks.sql', 'create table socks (id int);');
    await expect(run()).rejects.toThrow('give it a higher number');
    write('0002-socks.sql', 'create table socks (id int);');
    await expect(run()).rejects.toThrow('two migrations are number 2');
  });

  it('of a newer version that has run before do not disturb an older one', async () => {
    write('0001-shoes.sql', 'create table shoes (id int);');
    write('0002-socks.sql', 'create table socks (id int);');
    await run();
    rmSync(join(directory, '0002-socks.sql'));
    await expect(run()).resolves.toBeUndefined();
  });
});
