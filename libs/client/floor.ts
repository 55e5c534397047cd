import type { Trader } from './trader';

export interface AuthTask {
  readonly id: string;
  readonly orderId: string;
  readonly state: string;
  readonly verdict?: string;
  readonly version: number;
}

export const checks = ['box', 'authenticity_markers', 'size', 'condition'] as const;

/** An authenticator at work. */
export class Authenticator {
  constructor(readonly person: Trader) {}

  async takesIn(tracking: string): Promise<{ task?: AuthTask; stray?: { id: string } }> {
    return this.person.api.post('/v1/authentication/intake', { tracking });
  }

  /** Claims the task of an order, goes through the checklist and decides. */
  async inspects(taskId: string, failing: readonly (typeof checks)[number][] = []): Promise<AuthTask> {
    const { api } = this.person;
    await this.goesThrough(await api.post(`/v1/authentication/tasks/${taskId}/claim`), failing);
    const verdict = failing.length > 0 ? { verdict: 'fail', reasons: ['counterfeit'] } : { verdict: 'pass' };
    return api.post(`/v1/authentication/tasks/${taskId}/decision`, verdict);
  }

  /** The checklist of a task that one has. */
  async goesThrough(task: AuthTask, failing: readonly (typeof checks)[number][] = []): Promise<void> {
    let { version } = task;
    for (const check of checks) {
      const result = failing.includes(check) ? 'fail' : 'pass';
      ({ version } = await this.person.api.put<AuthTask>(`/v1/authentication/tasks/${task.id}/checks/${check}`, { result }, version));
    }
  }

  reviews(taskId: string, verdict: 'pass' | 'fail'): Promise<AuthTask> {
    return this.person.api.post(`/v1/authentication/tasks/${taskId}/review`, { verdict, ...(verdict === 'fail' && { reasons: ['counterfeit'] }) });
  }

  async sendsOn(orderId: string): Promise<void> {
    await this.person.api.post(`/v1/orders/${orderId}/ship-to-buyer`, {});
  }
}
