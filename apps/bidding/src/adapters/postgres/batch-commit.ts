import type { Client } from 'pg';
import type { Batch } from '../../domain/batch';
import type { CommitOutcome } from '../../application/ports';
import { invariant } from '@libs/kernel/invariant';
import { failpoint } from '@libs/kernel/failpoint';
import { type ColumnKind, RecordWriter, type RowType } from './record-writer';
import { answerText } from './stored-answer';

/** What the writer's rows are made of, in the order of the columns. Compared with the database when a session opens. */
const ROW_TYPES = {
  shard_claim: ['int4', 'int8'],
  market_step: ['uuid', 'int8', 'int8', 'int8', 'text'],
  quote_change: ['uuid', 'text', 'text', 'text', 'int8', 'int8', 'timestamptz', 'timestamptz', 'uuid', 'uuid', 'int4'],
  new_quote: [
    'uuid', 'uuid', 'text', 'uuid', 'int8', 'int8', 'text', 'text', 'timestamptz', 'timestamptz', 'uuid', 'uuid', 'bool', 'timestamptz',
    'text', 'bytea', 'int8', 'uuid', 'int8', 'timestamptz', 'uuid', 'uuid', 'int4',
  ],
  new_match: ['uuid', 'uuid', 'int8', 'uuid', 'uuid', 'int8', 'uuid', 'uuid', 'text', 'timestamptz'],
  new_answer: ['uuid', 'text', 'text', 'bytea', 'text'],
} as const satisfies Record<string, readonly ColumnKind[]>;
type RowTypeName = keyof typeof ROW_TYPES;

const READ_TYPES = `
  select t.typname as name, t.oid::int as oid, a.atttypid::int as column_oid, c.typname as kind
    from pg_type t join pg_attribute a on a.attrelid = t.typrelid join pg_type c on c.oid = a.atttypid
   where t.typnamespace = current_schema::regnamespace and t.typname = any ($1) and a.attnum > 0 and not a.attisdropped
   order by t.typname, a.attnum`;

const COMMIT = { name: 'commit_batch', text: 'select last_pos from commit_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)' };

/** Writes a netted batch in one round trip. One for each session; never two calls at once. */
export class BatchCommit {
  private readonly writer = new RecordWriter();

  private constructor(
    private readonly client: Client,
    private readonly types: Readonly<Record<RowTypeName, RowType>>,
  ) {}

  /** Type ids differ between databases, so every session reads them. */
  static async open(client: Client): Promise<BatchCommit> {
    const names = Object.keys(ROW_TYPES) as RowTypeName[];
    const { rows } = await client.query<{ name: RowTypeName; oid: number; column_oid: number; kind: string }>(READ_TYPES, [names]);
    const typeOf = (name: RowTypeName): RowType => {
      const own = rows.filter((row) => row.name === name);
      const kinds = own.map(({ kind }) => kind).join(' ');
      invariant(kinds === ROW_TYPES[name].join(' '), `the database's ${name} is (${kinds})`);
      return { oid: own[0]?.oid ?? 0, columns: own.map(({ column_oid: oid, kind }) => ({ oid, kind })) };
    };
    const types = Object.fromEntries(names.map((name) => [name, typeOf(name)])) as Record<RowTypeName, RowType>;
    return new BatchCommit(client, types);
  }

  async commit(batch: Batch, claims: readonly (readonly [shard: number, epoch: number])[], outbox: { readonly owner: string; readonly lines: string }): Promise<CommitOutcome> {
    const values = this.encode(batch, claims); // Throws on a value that its column cannot hold: before anything is sent.
    const parameters = [outbox.owner, ...values, [...batch.effects], outbox.lines, batch.events.length];
    try {
      const answer = this.client.query<{ last_pos: string | null }>({ ...COMMIT, values: parameters });
      failpoint('bidding.duringCommit');
      const { rows } = await answer;
      const last = rows[0]?.last_pos;
      return { kind: 'committed', lastPos: last === null || last === undefined ? null : Number(last), lines: outbox.lines };
    } catch (error) {
      const { code, severity, message } = error as { code?: string; severity?: string; message: string };
      if (code === 'BD001') return { kind: 'fenced' };
      if (severity === 'ERROR' && code) return { kind: 'refused', code, message };
      return { kind: 'unknown' };
    }
  }

  private encode(batch: Batch, claims: readonly (readonly [number, number])[]): Buffer[] {
    const w = this.writer;
    w.reset();
    const cuts = [
      w.array(this.types.shard_claim, claims, claims.length, ([shard, epoch]) => {
        w.int4(shard);
        w.int8(epoch);
      }),
      w.array(this.types.market_step, batch.steps.values(), batch.steps.size, ({ market, was, stateWas }) => {
        w.uuid(market.id);
        w.int8(was);
        w.int8(market.seq);
        w.int8(market.matchSeq);
        w.ascii(market.state === stateWas ? null : market.state);
      }),
      w.uuids([...batch.busts].map(({ id }) => id), batch.busts.size),
      this.changes(batch),
      this.quotes(batch),
      this.matches(batch),
      w.array(this.types.new_answer, batch.answers, batch.answers.length, (answer) => {
        w.uuid(answer.userId);
        w.text(answer.key);
        w.ascii(answer.command);
        w.bytes(answer.bodyHash);
        w.text(answerText(answer.done));
      }),
    ];
    return cuts.map((cut) => w.cut(cut));
  }

  private changes(batch: Batch): [number, number] {
    const w = this.writer;
    return w.array(this.types.quote_change, batch.changed.values(), batch.changed.size, ({ quote, was }) => {
      w.uuid(quote.id);
      w.ascii(was.status);
      w.ascii(quote.status);
      w.ascii(quote.reason);
      w.int8(quote.price);
      w.int8(quote.prio);
      w.time(quote.expiresAt);
      w.time(quote.acceptedAt);
      w.uuid(quote.paymentMethodId);
      w.uuid(quote.addressVersionId);
      w.int4(quote.version);
    });
  }

  private quotes(batch: Batch): [number, number] {
    const w = this.writer;
    return w.array(this.types.new_quote, batch.inserted, batch.inserted.size, ([quote, { key, bodyHash, quote: placed, match }]) => {
      w.uuid(quote.id);
      w.uuid(quote.marketId);
      w.ascii(quote.side);
      w.uuid(quote.userId);
      w.int8(quote.price);
      w.int8(quote.prio);
      w.ascii(quote.status);
      w.ascii(quote.reason);
      w.time(quote.expiresAt);
      w.time(quote.acceptedAt);
      w.uuid(quote.paymentMethodId);
      w.uuid(quote.addressVersionId);
      w.bool(quote.immediate);
      w.time(quote.placedAt);
      w.text(key);
      w.bytes(bodyHash);
      w.int8(placed.prio);
      w.uuid(match?.id ?? null);
      w.int8(placed.price === quote.price ? null : placed.price);
      w.time(placed.expiresAt === quote.expiresAt ? null : placed.expiresAt);
      w.uuid(placed.paymentMethodId === quote.paymentMethodId ? null : placed.paymentMethodId);
      w.uuid(placed.addressVersionId === quote.addressVersionId ? null : placed.addressVersionId);
      w.int4(quote.version);
    });
  }

  private matches(batch: Batch): [number, number] {
    const w = this.writer;
    return w.array(this.types.new_match, batch.matches.values(), batch.matches.size, (match) => {
      w.uuid(match.id);
      w.uuid(match.marketId);
      w.int8(match.seq);
      w.uuid(match.bid.id);
      w.uuid(match.ask.id);
      w.int8(match.price);
      w.uuid(match.bid.userId);
      w.uuid(match.ask.userId);
      w.ascii(match.state);
      w.time(match.matchedAt);
    });
  }
}
