import { partitionOf } from '@libs/events/bus';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { Database } from '@libs/postgres/database';
import { testBusDatabase } from '@libs/testing/test-database';
import { busContract, type OpenBus } from './bus.contract';

async function open(): Promise<OpenBus> {
  const { url, close } = await testBusDatabase();
  const database = await Database.open({ url, poolSize: 4, name: 'bus', acquireTimeoutMs: 20_000 });
  const end = async () => {
    await database.close();
    await close();
  };
  return { bus: new EmbeddedBus(database), close: end };
}

busContract('as tables of PostgreSQL', open);

it('what was forgotten after 30 days is no part of the log any more, which says where it begins', async () => {
  const { url, close } = await testBusDatabase();
  const database = await Database.open({ url, poolSize: 1, name: 'bus' });
  const bus = new EmbeddedBus(database);
  const [kept, gone] = ['usr_kept', 'usr_gone'];
  for (const key of [kept, kept, gone]) await bus.append([{ topic: 'users', key, line: 'x' }]);
  await database.sql.query(`update bus_log set appended_at = now() - interval '30 days 1 minute' where first_offset = 0`);
  await bus.prune();
  expect(await bus.starts(['users'])).toEqual([kept, gone].map((key) => ({ topic: 'users', partition: partitionOf(key), offset: 1 })).sort((a, b) => a.partition - b.partition));
  expect(await bus.starts(['markets'])).toEqual([]);
  await database.close();
  await close();
});
