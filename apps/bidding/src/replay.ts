import { Database } from '@libs/postgres/database';
import { Journal } from './adapters/postgres/journal';
import { replayJournal } from './application/replay-journal';
import { BiddingConfig } from './bidding.config';

/** `BIDDING_DATABASE_URL=… node dist/apps/bidding/src/replay.js`: the journal through the engine, compared with fills and books (M9). Ends with 1 when anything differs. */
export async function replay(config: BiddingConfig): Promise<boolean> {
  const database = await Database.open({ url: config.values.BIDDING_DATABASE_URL, poolSize: 1, name: 'bidding-replay', statementTimeoutMs: 120_000 });
  try {
    const { markets, events, differences } = await replayJournal(new Journal(database.sql));
    for (const line of differences) process.stdout.write(`${line}\n`);
    const verdict = differences.length === 0 ? 'the same fills and the same books' : `${differences.length} differences`;
    process.stdout.write(`${events} events of ${markets} markets replayed: ${verdict}\n`);
    return differences.length === 0;
  } finally {
    await database.close();
  }
}

if (process.argv[1] === __filename) {
  void replay(BiddingConfig.ofProcess()).then((isSame) => {
    process.exitCode = isSame ? 0 : 1;
  });
}
