import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SystemWallClock } from '@libs/chassis/clocks';
import { Database } from '@libs/postgres/database';
import { PostgresTransactions } from '@libs/postgres/postgres-transactions';
import { testDatabase } from '@libs/testing/test-database';
import { elasticClient } from '../src/adapters/elasticsearch/elastic-client';
import { ElasticIndex } from '../src/adapters/elasticsearch/elastic-index';
import { Lookups } from '../src/adapters/postgres/lookups';
import { PostgresIndex } from '../src/adapters/postgres/postgres-index';
import type { SearchIndex } from '../src/application/ports';

export interface OpenForm {
  readonly index: SearchIndex;
  close(): Promise<void>;
}

export const elasticUrl = process.env.ELASTICSEARCH_URL;

/** The forms that can be tested here. What is left out is said, not skipped in silence. */
export const openForms: Readonly<Record<string, () => Promise<OpenForm>>> = {
  'the tables': openPostgres,
  ...(elasticUrl && { Elasticsearch: () => openElastic(elasticUrl) }),
};
if (!elasticUrl) process.stderr.write('Elasticsearch is left out: ELASTICSEARCH_URL is not set.\n');

async function openPostgres(): Promise<OpenForm> {
  const test = await testDatabase(join(__dirname, '../src/adapters/postgres/migrations'));
  const database = await Database.open({ name: 'search', url: test.url, poolSize: 3 });
  return {
    index: new PostgresIndex(database.sql, new PostgresTransactions(database), new Lookups(database.sql)),
    async close() {
      await database.close();
      await test.close();
    },
  };
}

/** What a test has left behind this alias. */
export async function dropIndices(alias: string): Promise<void> {
  if (!elasticUrl) return;
  const client = elasticClient(elasticUrl);
  const indices = Object.keys(await client.indices.get({ index: `${alias}*` }));
  if (indices.length > 0) await client.indices.delete({ index: indices });
  await client.close();
}

async function openElastic(url: string): Promise<OpenForm> {
  const client = elasticClient(url);
  const alias = `test-${randomUUID()}`;
  const index = new ElasticIndex(client, alias, new SystemWallClock());
  await index.open();
  return {
    index,
    async close() {
      await client.close();
      await dropIndices(alias);
    },
  };
}
