import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid } from '../domain/errors';
import { Ledger, ManualTasks, type ManualTask, type Reconciliation, Reconciliations } from './ports';

/** What an operator looks at: what needs a person, and whether the books balance. */
@Injectable()
export class ReadOffice {
  constructor(
    private readonly list: ManualTasks,
    private readonly ledger: Ledger,
    private readonly kept: Reconciliations,
  ) {}

  async tasks({ includeClosed, limit, cursor }: { includeClosed: boolean; limit: number; cursor: string }): Promise<{ tasks: ManualTask[]; nextCursor: string }> {
    if (cursor !== '' && !uuidOf('tsk', cursor)) throw cursorInvalid();
    const size = pageSize(limit);
    const tasks = await this.list.page({ includeClosed, limit: size + 1, before: cursor === '' ? undefined : cursor });
    const shown = tasks.slice(0, size);
    return { tasks: shown, nextCursor: tasks.length > size ? (shown.at(-1)?.id ?? '') : '' };
  }

  async reconciliations({ limit, cursor }: { limit: number; cursor: string }): Promise<{ reconciliations: Reconciliation[]; nextCursor: string }> {
    if (cursor !== '' && !uuidOf('op', cursor)) throw cursorInvalid();
    const size = pageSize(limit);
    const found = await this.kept.page({ limit: size + 1, before: cursor === '' ? undefined : cursor });
    const shown = found.slice(0, size);
    return { reconciliations: shown, nextCursor: found.length > size ? (shown.at(-1)?.id ?? '') : '' };
  }

  trialBalance(): ReturnType<Ledger['trialBalance']> {
    return this.ledger.trialBalance();
  }
}
