import { firstValueFrom, timer } from 'rxjs';
import { SystemWallClock } from '@libs/chassis/clocks';
import { ConfigError } from '@libs/chassis/config';
import { AppError } from '@libs/kernel/app-error';
import { Database } from '@libs/postgres/database';
import { PostgresRebuilds } from './adapters/postgres/postgres-rebuilds';
import { AskForRebuild } from './application/ask-for-rebuild';
import { RebuildCommandConfig } from './search.config';

const pause = async (ms: number): Promise<void> => void (await firstValueFrom(timer(ms)));

/** `node dist/apps/search/src/rebuild.js`, with `SEARCH_DATABASE_URL`: asks the running service for a rebuild of everything, and waits until it is done. */
async function main(): Promise<void> {
  const { SEARCH_DATABASE_URL, REBUILD_WAIT_S } = RebuildCommandConfig.read().values;
  const database = await Database.open({ url: SEARCH_DATABASE_URL, poolSize: 1, name: 'search-rebuild' });
  const asking = new AskForRebuild(new PostgresRebuilds(database.sql), new SystemWallClock(), pause);
  const seconds = await asking.execute(REBUILD_WAIT_S).finally(() => database.close());
  process.stdout.write(`Rebuilt in ${seconds} s.\n`);
}

main().catch((error: unknown) => {
  if (!(error instanceof AppError) && !(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
