import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Client } from 'pg';
import { AppError } from '@libs/kernel/app-error';
import { Sql } from '@libs/postgres/sql';
import { type CommandKey, type KeptAnswer, KeptAnswers } from '../../application/ports';
import { BiddingConfig } from '../../bidding.config';
import type { Done } from '../../domain/batch';
import { PublicIds } from './public-ids';
import { RecordWriter } from './record-writer';
import { QUOTE_COLUMNS, type QuoteRow, quoteFactsOf } from './quote-row';
import { answerOf } from './stored-answer';

const LOOK_UP_MS_MAX = 5_000;

/** One of the two tables has it, or none: a key's scope is the user over both. */
const FIND = {
  name: 'find_answers',
  text: `
    select k.n::int as n, a.body_hash as command_hash, a.answer, q.body_hash as quote_hash, q.answer_seq, q.answer_match_id,
           coalesce(q.placed_price, q.price) as as_placed_price, coalesce(q.placed_payment_method_id, q.payment_method_id) as as_placed_method,
           coalesce(q.placed_address_version_id, q.address_version_id) as as_placed_address,
           (extract(epoch from coalesce(q.placed_expires_at, q.expires_at)) * 1000)::bigint as as_placed_expires_ms,
           x.bid_id, x.ask_id, x.price as match_price, ${QUOTE_COLUMNS}
      from unnest($1::uuid[], $2::text[]) with ordinality as k(user_id, key, n)
      left join command_answers a on a.user_id = k.user_id and a.key = k.key
      left join quotes q on q.user_id = k.user_id and q.client_key = k.key
      left join matches x on x.id = q.answer_match_id
     where a.key is not null or q.id is not null`,
};

interface Row extends QuoteRow {
  readonly n: number;
  readonly command_hash: Buffer | null;
  readonly answer: string | null;
  readonly quote_hash: Buffer;
  readonly answer_seq: string;
  readonly answer_match_id: string | null;
  readonly as_placed_price: string;
  readonly as_placed_method: string | null;
  readonly as_placed_address: string;
  readonly as_placed_expires_ms: string;
  readonly bid_id: string;
  readonly ask_id: string;
  readonly match_price: string;
}

/** On a connection of its own with one prepared statement: this look-up is on every order's way. */
@Injectable()
export class PostgresKeptAnswers extends KeptAnswers implements OnApplicationShutdown {
  private client: Promise<Client> | undefined;
  private readonly arrays = new RecordWriter();

  constructor(
    private readonly config: BiddingConfig,
    private readonly sql: Sql,
  ) {
    super();
  }

  async find(keys: readonly CommandKey[]): Promise<(KeptAnswer | undefined)[]> {
    const found = new Array<KeptAnswer | undefined>(keys.length);
    if (keys.length === 0) return found;
    const rows = await this.look(keys);
    for (const row of rows) found[row.n - 1] = answerIn(row);
    return found;
  }

  async prune(): Promise<void> {
    await this.sql.query(`delete from command_answers where answered_at < now() - interval '25 hours'`);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    const client = await this.client?.catch(() => undefined);
    await client?.end();
  }

  private async look(keys: readonly CommandKey[]): Promise<Row[]> {
    try {
      const client = await (this.client ??= this.connect());
      // Arrays in binary: as text each element would be escaped and parsed. Copied, since two look-ups may be under way.
      const w = this.arrays;
      w.reset();
      const [users, texts] = [w.uuids(keys.map(({ userId }) => userId), keys.length), w.texts(keys.map(({ key }) => key), keys.length)];
      return (await client.query<Row>({ ...FIND, values: [Buffer.from(w.cut(users)), Buffer.from(w.cut(texts))] })).rows;
    } catch (error) {
      this.client = undefined; // Whatever was wrong with it, the next look-up gets a new one.
      throw new AppError('unavailable', 'bidding.database_unavailable', 'The database cannot be reached at the moment.', { cause: String(error) });
    }
  }

  private async connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.config.values.BIDDING_DATABASE_URL, application_name: 'pairwise-bidding-keys', keepAlive: true,
      connectionTimeoutMillis: 2_000, query_timeout: LOOK_UP_MS_MAX,
    });
    client.on('error', () => {
      this.client = undefined;
    });
    await client.connect();
    // The plan is made once, perhaps while the tables are empty: only index look-ups will do.
    await client.query('set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off');
    return client;
  }
}

function answerIn(row: Row): KeptAnswer {
  if (row.command_hash && row.answer !== null) return { bodyHash: row.command_hash, done: answerOf(row.answer) };
  return { bodyHash: row.quote_hash, done: placedAs(row) };
}

/** The answer of a placement as it was given, whatever has become of the quote since. */
function placedAs(row: Row): Done {
  const ids = new PublicIds();
  const isMatched = row.answer_match_id !== null;
  const quote = quoteFactsOf(
    {
      ...row, price: row.as_placed_price, prio: row.answer_seq, status: isMatched ? 'matched' : 'active', reason: null,
      expires_ms: row.as_placed_expires_ms, accepted_ms: row.placed_ms, payment_method_id: row.as_placed_method, address_version_id: row.as_placed_address, version: 1,
    },
    ids,
  );
  const match = row.answer_match_id === null ? undefined : {
    id: ids.once('mtc', row.answer_match_id), bidId: ids.once('bid', row.bid_id), askId: ids.once('ask', row.ask_id), price: Number(row.match_price),
  };
  return { quote, match, bookSeq: Number(row.answer_seq) };
}
