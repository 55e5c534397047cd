import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import { Transactions } from '@libs/postgres/transaction';
import { Documents, Facts, Owners, type Rebuild, Rebuilds, type RebuildScope, Revisions, SearchForms, type SearchIndex } from './ports';
import { writeAll } from './project-documents';

const PAGE = 200;

/** What a rebuild collects and from whom. */
@Injectable()
export class Sources {
  constructor(
    readonly facts: Facts,
    readonly owners: Owners,
    readonly documents: Documents,
    readonly revisions: Revisions,
  ) {}
}

/**
 * From zero, in two steps. Facts: our tables are emptied and filled by their owners, while events go on changing them; the index answers as it was.
 * Index: each form is built beside the one that answers, while changes go to both, and takes its place at once. A step that is cut short begins anew.
 */
@Injectable()
export class RebuildIndex {
  constructor(
    private readonly rebuilds: Rebuilds,
    private readonly forms: SearchForms,
    private readonly sources: Sources,
    private readonly transactions: Transactions,
    private readonly clock: Clock,
  ) {}

  request(scope: RebuildScope): Promise<Rebuild> {
    return this.rebuilds.request(scope, this.clock.now());
  }

  /** Runs the next one that was asked for, to its end. Answers whether there was one. */
  async runNext(holder: string): Promise<boolean> {
    const rebuild = await this.rebuilds.claim(holder);
    if (!rebuild) return false;
    const renew = () => this.rebuilds.renew(rebuild.id, holder);
    if (rebuild.scope === 'all' && rebuild.phase !== 'index') await this.collect(rebuild.id, renew);
    await this.rebuilds.enter(undefined, rebuild.id, 'index');
    for (const index of this.forms.all) if (rebuild.scope === 'all' || rebuild.scope === index.form) await this.build(index, renew);
    await this.rebuilds.enter(undefined, rebuild.id, 'done');
    return true;
  }

  private async collect(id: number, renew: () => Promise<void>): Promise<void> {
    const { facts, owners } = this.sources;
    await this.transactions.run(async (tx) => {
      await this.rebuilds.enter(tx, id, 'facts');
      await facts.forget(tx);
    });
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const { products, next } = await owners.products(cursor);
      await this.transactions.run(async (tx) => {
        for (const product of products) await facts.product(tx, product);
      });
      await renew();
      cursor = next === '' ? undefined : next;
    }
    for (let after = ''; ; ) {
      const markets = await owners.markets(after);
      const last = markets.at(-1);
      if (!last) break;
      await this.transactions.run((tx) => facts.markets(tx, markets));
      await renew();
      after = last.marketId;
    }
    for (let after = ''; ; ) {
      const { sales, last } = await owners.sales(after);
      if (sales.length === 0) break;
      await this.transactions.run((tx) => facts.sold(tx, sales));
      await renew();
      after = last;
    }
  }

  private async build(index: SearchIndex, renew: () => Promise<void>): Promise<void> {
    const { documents, revisions } = this.sources;
    await index.open();
    await index.startOver();
    let after: string | undefined;
    for (;;) {
      const page: Awaited<ReturnType<Documents['page']>> = await documents.page(after, PAGE);
      const last = page.at(-1);
      if (!last) break;
      const failures = await writeAll(index, page);
      if (failures[0]) throw new Error(`the index did not take ${failures.length} documents: ${failures[0].reason}`);
      await renew();
      after = last.id;
    }
    await index.adopt();
    await revisions.changed(index.form, true);
  }
}
