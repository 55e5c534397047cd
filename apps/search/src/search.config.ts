import { z } from 'zod';
import { configOf } from '@libs/chassis/config';

const Environment = z.object({
  /** With an address Elasticsearch answers, and the database when it cannot. Without one the database does. */
  ELASTICSEARCH_URL: z.url({ protocol: /^https?$/ }).optional(),
  ELASTICSEARCH_ALIAS: z.string().regex(/^[a-z][a-z0-9-]{0,99}$/).default('pairwise-products'),
});

export class SearchConfig extends configOf(Environment) {}
