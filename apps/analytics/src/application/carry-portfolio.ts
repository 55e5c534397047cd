import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Ids } from '@libs/kernel/ids';
import { type Transaction, Transactions } from '@libs/postgres/transaction';
import { csvInvalid, keyReused } from '../domain/errors';
import { type ImportLine, type LineError, readPortfolio, type Reading, Unreadable, writePortfolio } from '../domain/portfolio-csv';
import { type ImportAnswer, Portfolio } from './collections';
import { FindMarket } from './find-market';
import { ITEMS_MAX } from './keep-portfolio';

/** The portfolio as a text that spreadsheets read, out and in. */
@Injectable()
export class CarryPortfolio {
  constructor(
    private readonly portfolio: Portfolio,
    private readonly markets: FindMarket,
    private readonly transactions: Transactions,
    private readonly ids: Ids,
    private readonly clock: Clock,
  ) {}

  async out(userId: string): Promise<string> {
    const items = await this.portfolio.all(userId);
    return writePortfolio(items.map(({ cost, sold, ...item }) => ({ ...item, cost: cost.minor, currency: cost.currency, sold: sold && { at: sold.at, proceeds: sold.proceeds.minor } })));
  }

  /** Good lines come in, once for each item that was exported; bad ones are named. The same key again answers as before and adds nothing. */
  async in(userId: string, key: string, { csv, hash }: { readonly csv: string; readonly hash: string }): Promise<ImportAnswer & { isReplayed: boolean }> {
    const reading = readingOf(csv);
    const known = await this.markets.all(reading.lines.map(({ marketId }) => marketId));
    return this.transactions.run(async (tx) => {
      const room = ITEMS_MAX - (await this.portfolio.countLocked(tx, userId));
      const before = await this.portfolio.importOf(tx, userId, key);
      if (before && before.hash !== hash) throw keyReused();
      if (before) return { ...before.answer, isReplayed: true };
      const fresh = await this.unknownOf(tx, userId, reading.lines);
      const [lines, errors] = this.judge({ lines: fresh, errors: reading.errors }, (marketId) => known.get(marketId)?.currency, room);
      await this.add(tx, userId, lines);
      const answer = { imported: lines.length, alreadyThere: reading.lines.length - fresh.length, errors };
      await this.portfolio.keepImport(tx, userId, key, { hash, answer });
      return { ...answer, isReplayed: false };
    });
  }

  prune(): Promise<void> {
    return this.portfolio.forgetImports();
  }

  /** An item that is there stays as it is, whatever its line says; and a text tells of each once. */
  private async unknownOf(tx: Transaction, userId: string, lines: readonly ImportLine[]): Promise<ImportLine[]> {
    const known = new Set(await this.portfolio.among(tx, userId, lines.flatMap(({ itemId }) => itemId ?? [])));
    return lines.filter(({ itemId }) => {
      if (itemId === undefined) return true;
      const isNew = !known.has(itemId);
      known.add(itemId);
      return isNew;
    });
  }

  private judge({ lines, errors }: Reading, currencyOf: (marketId: string) => string | undefined, room: number): [ImportLine[], LineError[]] {
    const good: ImportLine[] = [];
    const bad = [...errors];
    for (const one of lines) {
      const detail = this.faultOf(one, currencyOf(one.marketId)) ?? (good.length >= room ? `There can be at most ${ITEMS_MAX} items.` : undefined);
      if (detail) bad.push({ line: one.line, detail });
      else good.push(one);
    }
    return [good, bad.sort((a, b) => a.line - b.line)];
  }

  private faultOf({ acquiredAt, sold, currency }: ImportLine, known: string | undefined): string | undefined {
    if (known === undefined) return 'market_id names no market.';
    if (known !== currency) return `The market's currency is ${known}.`;
    if (acquiredAt > this.clock.now()) return 'acquired_on has not come yet.';
    if (sold && sold.at > this.clock.now()) return 'sold_on has not come yet.';
    return sold && sold.at < acquiredAt ? 'sold_on is a day before acquired_on.' : undefined;
  }

  private async add(tx: Transaction, userId: string, lines: readonly ImportLine[]): Promise<void> {
    const items = lines.map(({ itemId, marketId, cost, currency, acquiredAt, note, sold }) => ({
      id: this.ids.next('pfi'), carriedId: itemId, marketId, cost: { currency, minor: cost }, acquiredAt, source: 'import' as const, note,
      sold: sold && { at: sold.at, proceeds: { currency, minor: sold.proceeds } },
    }));
    if (items.length > 0) await this.portfolio.add(tx, userId, items);
  }
}

function readingOf(csv: string): Reading {
  try {
    return readPortfolio(csv);
  } catch (error) {
    if (error instanceof Unreadable) throw csvInvalid(error.message);
    throw error;
  }
}
