import { join } from 'node:path';
import type { ChainableCommander, Redis } from 'ioredis';
import { AppError } from '@libs/kernel/app-error';
import { isUnknownScript, RedisScript } from '@libs/redis/redis-script';
import { firstValueFrom, timer } from 'rxjs';
import { type Applied, type BookChange, type BookImage, type BookLevels, Books, type BookState, type BookTop, type Member } from '../../application/books';
import type { Side } from '../../domain/side';

const PRIO_DIGITS = 16;
const MEMBERS_A_COMMAND_MAX = 1_000;
const LOOK_EVERY_MS = 5;
/** What an owner that died in the midst of a rebuild leaves behind. */
const NEW_KEPT_S = 600;

const script = (name: string) => RedisScript.fromFile(join(__dirname, `${name}.lua`));
const scripts = { apply: script('apply'), rebuild: script('rebuild'), levels: script('levels'), top: script('top'), image: script('image') };

/** One hash tag for each market, so that its keys are in one slot. */
const keysOf = (marketId: string) => [`{m:${marketId}}:asks`, `{m:${marketId}}:bids`, `{m:${marketId}}:meta`] as const;

/** In place of an answer: the server does not know the script. */
const UNKNOWN = Symbol('unknown script');

type Answer = readonly [error: Error | null, value: unknown];

/**
 * The live books as sorted sets. The score is the price (negated for bids), the member begins with the priority in fixed width:
 * so the first member of either set is the best and the oldest quote.
 */
export class RedisBooks extends Books {
  constructor(private readonly client: Redis) {
    super();
  }

  /** One call for all books of a commit: to send a command costs more than to run it. */
  async apply(changes: readonly BookChange[]): Promise<Applied[]> {
    this.requireConnection();
    const keys: string[] = [];
    const values: (string | number)[] = [];
    for (const { marketId, epoch, was, seq, state, h1, h2, removed, added } of changes) {
      keys.push(...keysOf(marketId));
      values.push(epoch, was, seq, state, h1, h2, removed.length, added.length);
      for (const member of removed) values.push(member.side, nameOf(member));
      for (const member of added) values.push(member.side, scoreOf(member), nameOf(member));
    }
    return (await scripts.apply.run(this.client, keys, values)) as Applied[];
  }

  async rebuild({ marketId, epoch, seq, state, h1, h2, members }: BookImage): Promise<'OK' | 'FENCED'> {
    const keys = keysOf(marketId);
    // Of this owner alone: one of before that wakes up in the meantime writes under its own.
    const [newAsks, newBids] = [`${keys[0]}:new:${epoch}`, `${keys[1]}:new:${epoch}`];
    const pipeline = this.pipeline().del(newAsks, newBids);
    for (let at = 0; at < members.length; at += MEMBERS_A_COMMAND_MAX) {
      for (const [side, key] of [['ask', newAsks], ['bid', newBids]] as const) {
        const own = members.slice(at, at + MEMBERS_A_COMMAND_MAX).filter((member) => member.side === side);
        if (own.length > 0) pipeline.zadd(key, ...own.flatMap((member) => [scoreOf(member), nameOf(member)]));
      }
    }
    for (const key of [newAsks, newBids]) pipeline.expire(key, NEW_KEPT_S);
    await this.run(pipeline);
    return (await scripts.rebuild.run(this.client, [...keys, newAsks, newBids], [epoch, seq, state, h1, h2])) as 'OK' | 'FENCED';
  }

  async levels(marketId: string, depth: number): Promise<BookLevels | undefined> {
    this.requireConnection();
    const found = (await scripts.levels.run(this.client, keysOf(marketId), [depth])) as [string, string, BookState, (string | number)[], (string | number)[]] | null;
    if (!found) return undefined;
    const [seq, epoch, state, asks, bids] = found;
    return { seq: Number(seq), epoch: Number(epoch), state, asks: levelsOf(asks), bids: levelsOf(bids) };
  }

  async tops(marketIds: readonly string[]): Promise<(BookTop | undefined)[]> {
    return (await this.ofEach('top', marketIds)).map((value) => topOf(value as string[] | null));
  }

  async images(marketIds: readonly string[]): Promise<(BookImage | undefined)[]> {
    const answers = (await this.ofEach('image', marketIds)) as (ImageAnswer | null)[];
    return marketIds.map((id, i) => {
      const answer = answers[i];
      return answer ? imageOf(id, answer) : undefined;
    });
  }

  async reached(marketId: string, seq: number, withinMs: number): Promise<void> {
    for (let waited = 0; waited < withinMs; waited += LOOK_EVERY_MS) {
      const at = await this.client.hget(keysOf(marketId)[2], 'seq');
      if (at !== null && Number(at) >= seq) return;
      await firstValueFrom(timer(LOOK_EVERY_MS));
    }
  }

  private pipeline(): ChainableCommander {
    this.requireConnection();
    return this.client.pipeline();
  }

  /** Not queued while the server is away: what is not sent now is written whole later. */
  private requireConnection(): void {
    if (this.client.status !== 'ready') throw new AppError('unavailable', 'bidding.books_unavailable', 'The live books cannot be reached at the moment.');
  }

  /** What the script says of each book, in one message; once more when the server did not know the script, for then nothing has run. */
  private async ofEach(name: 'top' | 'image', marketIds: readonly string[]): Promise<unknown[]> {
    if (marketIds.length === 0) return [];
    const look = () => {
      const pipeline = this.pipeline();
      for (const id of marketIds) pipeline.evalsha(scripts[name].sha, 3, ...keysOf(id));
      return this.run(pipeline);
    };
    const answers = await look();
    if (!answers.includes(UNKNOWN)) return answers;
    await scripts[name].load(this.client);
    return look();
  }

  private async run(pipeline: ChainableCommander): Promise<unknown[]> {
    const answers = ((await pipeline.exec()) ?? []) as Answer[];
    return answers.map(([error, value]) => {
      if (error && !isUnknownScript(error)) throw error;
      return error ? UNKNOWN : value;
    });
  }
}

function nameOf({ prio, id }: Member): string {
  return `${String(prio).padStart(PRIO_DIGITS, '0')}:${id}`;
}

function scoreOf({ side, price }: Member): number {
  return side === 'ask' ? price : -price;
}

function membersOf(side: Side, flat: readonly string[]): Member[] {
  const members: Member[] = [];
  for (let i = 0; i < flat.length; i += 2) {
    const [prio = '', id = ''] = (flat[i] as string).split(':');
    members.push({ side, price: Math.abs(Number(flat[i + 1])), prio: Number(prio), id });
  }
  return members;
}

type ImageAnswer = readonly [seq: string, epoch: string, state: BookState, h1: string, h2: string, asks: string[], bids: string[]];

function imageOf(marketId: string, [seq, epoch, state, h1, h2, asks, bids]: ImageAnswer): BookImage {
  return { marketId, seq: Number(seq), epoch: Number(epoch), state, h1: Number(h1), h2: Number(h2), members: [...membersOf('ask', asks), ...membersOf('bid', bids)] };
}

function levelsOf(flat: readonly (string | number)[]): { price: number; quotes: number }[] {
  const levels: { price: number; quotes: number }[] = [];
  for (let i = 0; i < flat.length; i += 2) levels.push({ price: Math.abs(Number(flat[i])), quotes: Number(flat[i + 1]) });
  return levels;
}

function topOf(value: readonly string[] | null): BookTop | undefined {
  if (!value) return undefined;
  const [seq, epoch, state, h1, h2, ask, bid, asks, bids] = value;
  const priceOf = (score: string | undefined) => (score === '' || score === undefined ? undefined : Math.abs(Number(score)));
  return {
    seq: Number(seq), epoch: Number(epoch), state: state as BookState, h1: Number(h1), h2: Number(h2),
    lowestAsk: priceOf(ask), highestBid: priceOf(bid), asks: Number(asks), bids: Number(bids),
  };
}
