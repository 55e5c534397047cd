import { z } from 'zod';
import { configOf } from '@libs/chassis/config';

const Environment = z.object({
  /** With an address Elasticsearch answers, and the database when it cannot. Without one the database does. */
  ELASTICSEARCH_URL: z.url({ protocol: /^https?$/ }).optional(),
  ELASTICSEARCH_ALIAS: z.string().regex(/^[a-z][a-z0-9-]{0,99}$/).default('pairwise-products'),
});

const RebuildCommand = z.object({
  SEARCH_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** How long the command waits. The rebuild goes on after that, too. */
  REBUILD_WAIT_S: z.coerce.number().int().min(1).default(3_600),
});

export class RebuildCommandConfig extends configOf(RebuildCommand) {
  static read(): RebuildCommandConfig {
    return new RebuildCommandConfig(process.env);
  }
}

export class SearchConfig extends configOf(Environment) {}
