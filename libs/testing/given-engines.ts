import { basename } from 'node:path';
import { Redis } from 'ioredis';
import { kafkaBrokers, removeTopics } from './test-kafka';

const { ENGINES_TESTED, ELASTICSEARCH_URL, REDIS_URL } = process.env;

/** Exchanges that stand on the same engines one after another are told apart by their data folders' names. */
const prefixOf = (data: string) => `${basename(data)}.`;
const aliasOf = (data: string) => basename(data).toLowerCase();

/** The settings under which an exchange of the tests keeps to itself on the engines that the run was given. */
export function namesOnEngines(data: string): Record<string, string> {
  return { ...(kafkaBrokers().length > 0 && { KAFKA_PREFIX: prefixOf(data) }), ...(ELASTICSEARCH_URL && { ELASTICSEARCH_ALIAS: aliasOf(data) }) };
}

/** Takes away what it has left there. The Redis of the engines' tests is emptied, since its keys bear no such name. */
export async function forgetOnEngines(data: string): Promise<void> {
  if (kafkaBrokers().length > 0) await removeTopics({ brokers: kafkaBrokers(), prefix: prefixOf(data) });
  if (ELASTICSEARCH_URL) await removeIndices(ELASTICSEARCH_URL, aliasOf(data));
  if (ENGINES_TESTED && REDIS_URL) {
    const redis = new Redis(REDIS_URL);
    await redis.flushdb();
    redis.disconnect();
  }
}

async function removeIndices(url: string, alias: string): Promise<void> {
  const found = (await (await fetch(`${url}/${alias}-*`)).json()) as object; // By name, or an empty object.
  await Promise.all(Object.keys(found).map((index) => fetch(`${url}/${index}`, { method: 'DELETE' })));
}
