import { Injectable } from '@nestjs/common';
import { Clock } from '@libs/kernel/clock';
import type { ProductDocument } from '../domain/document';
import { Documents, Trends } from './ports';

const WINDOW_MS = 72 * 3_600_000;

/** What sells at the moment: from our own tables in either form of the index, since time alone changes the answer. */
@Injectable()
export class ReadTrends {
  constructor(
    private readonly trends: Trends,
    private readonly documents: Documents,
    private readonly clock: Clock,
  ) {}

  async execute(limit: number): Promise<readonly { readonly document: ProductDocument; readonly sales: number }[]> {
    const trends = await this.trends.since(new Date(this.clock.now().getTime() - WINDOW_MS), limit);
    const found = new Map((await this.documents.now(trends.map(({ productId }) => productId))).map((document) => [document.id, document]));
    return trends.flatMap(({ productId, sales }) => {
      const document = found.get(productId);
      return document ? [{ document, sales }] : [];
    });
  }
}
