import { Client } from 'pg';
import { testDatabase } from './test-database';

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a test database', () => {
  it('is migrated, and knows nothing of another', async () => {
    const [one, other] = await Promise.all([testDatabase(), testDatabase()]);
    await ask(one.url, `insert into outbox (events, event_count) values ('x', 1)`);
    expect(await ask(one.url, 'select event_count from outbox')).toEqual([{ event_count: 1 }]);
    expect(await ask(other.url, 'select event_count from outbox')).toEqual([]);
    await Promise.all([one.close(), other.close()]);
    await expect(ask(one.url, 'select 1')).rejects.toThrow('does not exist');
  });
});
