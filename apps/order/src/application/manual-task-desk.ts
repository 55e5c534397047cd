import { Injectable } from '@nestjs/common';
import type { Caller } from './caller';
import type { ManualTask } from './ports';
import { ReadManualTasks, type TaskQuery } from './read-manual-tasks';
import { ResumeManualTask } from './resume-manual-task';

/** An admin's two doors to what needs a person. */
@Injectable()
export class ManualTaskDesk {
  constructor(
    private readonly reading: ReadManualTasks,
    private readonly resuming: ResumeManualTask,
  ) {}

  read(query: TaskQuery): Promise<{ tasks: ManualTask[]; nextCursor: string }> {
    return this.reading.execute(query);
  }

  resume(admin: Caller, taskId: string, reason: string): Promise<ManualTask> {
    return this.resuming.execute(admin, taskId, reason);
  }
}
