import { Injectable } from '@nestjs/common';
import { Documents, type Failure, Rebuilds, SearchForms, type SearchIndex } from './ports';
import { ProjectDocuments } from './project-documents';
import { RebuildIndex } from './rebuild-index';

/** Keeps every form as it should be: there, whole, and given what changes. */
@Injectable()
export class KeepIndex {
  /** Forms of which we know that they are there. */
  private readonly sure = new Set<SearchIndex>();

  constructor(
    private readonly forms: SearchForms,
    private readonly documents: Documents,
    private readonly rebuilds: Rebuilds,
    private readonly projecting: ProjectDocuments,
    private readonly rebuilding: RebuildIndex,
  ) {}

  /** What was not kept so far has missed what went before: the events of an older exchange may be gone from the bus. */
  async begin(): Promise<void> {
    const added = await this.documents.keep(this.forms.all.map(({ form }) => form));
    const [first] = added;
    if (first !== undefined) await this.rebuilding.request(added.includes('postgres') ? 'all' : first);
  }

  async give(index: SearchIndex): Promise<{ readonly more: boolean; readonly failures: readonly Failure[] }> {
    if (!this.sure.has(index)) {
      if (!(await index.open())) await this.rebuilding.request(index.form);
      this.sure.add(index);
    }
    const given = await this.projecting.pass(index);
    if (given.failures.length > 0) this.doubt(index);
    return given;
  }

  /** It may have come back as another, and empty. */
  doubt(index: SearchIndex): void {
    this.sure.delete(index);
  }

  rebuild(holder: string): Promise<boolean> {
    return this.rebuilding.runNext(holder);
  }

  rebuildsPending(): Promise<number> {
    return this.rebuilds.pending();
  }
}
