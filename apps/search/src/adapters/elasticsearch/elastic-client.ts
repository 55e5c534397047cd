import { Client } from '@elastic/elasticsearch';

const ANSWER_MS_MAX = 5_000;

/** Never tried again by the client: whoever asks has the database to turn to, and whoever writes keeps what was not taken. */
export function elasticClient(node: string): Client {
  return new Client({ node, requestTimeout: ANSWER_MS_MAX, maxRetries: 0 });
}
