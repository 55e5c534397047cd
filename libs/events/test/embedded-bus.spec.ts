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
