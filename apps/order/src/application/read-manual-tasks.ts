import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid } from '../domain/errors';
import { type ManualTask, ManualTasks } from './ports';

export interface TaskQuery {
  readonly includeClosed: boolean;
  readonly limit: number;
  readonly cursor: string;
}

/** What needs a person, newest first. */
@Injectable()
export class ReadManualTasks {
  constructor(private readonly tasks: ManualTasks) {}

  async execute(query: TaskQuery): Promise<{ tasks: ManualTask[]; nextCursor: string }> {
    if (query.cursor !== '' && !uuidOf('tsk', query.cursor)) throw cursorInvalid();
    const limit = pageSize(query.limit);
    const found = await this.tasks.page({ includeClosed: query.includeClosed, limit: limit + 1, before: query.cursor || undefined });
    const tasks = found.slice(0, limit);
    return { tasks, nextCursor: found.length > limit ? (tasks.at(-1)?.id ?? '') : '' };
  }
}
