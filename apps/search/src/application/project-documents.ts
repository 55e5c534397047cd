import { Injectable } from '@nestjs/common';
import { failpoint } from '@libs/kernel/failpoint';
import type { ProductDocument } from '../domain/document';
import { Documents, type Failure, Revisions, type SearchIndex } from './ports';

const TAKEN_AT_ONCE = 200;
const WRITTEN_AT_ONCE = 100;

/** Gives a form of the index what has changed. Whatever is cut short is marked still, and given again under a higher version. */
@Injectable()
export class ProjectDocuments {
  constructor(
    private readonly documents: Documents,
    private readonly revisions: Revisions,
  ) {}

  /** Answers whether there may be more, and what was not taken. */
  async pass(index: SearchIndex): Promise<{ readonly more: boolean; readonly failures: readonly Failure[] }> {
    const batch = await this.documents.take(index.form, TAKEN_AT_ONCE);
    if (batch.marks.length === 0) return { more: false, failures: [] };
    const failures = await writeAll(index, batch.documents);
    failpoint('search.afterBulkBeforeOffset');
    if (batch.documents.length > 0) await this.revisions.changed(index.form, batch.isCatalogue);
    await this.documents.given(index.form, batch, failures);
    return { more: batch.marks.length === TAKEN_AT_ONCE, failures };
  }
}

export async function writeAll(index: SearchIndex, documents: readonly ProductDocument[]): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (let from = 0; from < documents.length; from += WRITTEN_AT_ONCE) {
    failures.push(...(await index.write(documents.slice(from, from + WRITTEN_AT_ONCE))));
    failpoint('search.midBulk');
  }
  return failures;
}
