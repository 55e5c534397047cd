import type { Trader } from './trader';

export interface AuthTask {
  readonly id: string;
  readonly orderId: string;
  readonly state: string;
  readonly verdict?: string;
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
    await api.post(`/v1/authentication/tasks/${taskId}/claim`);
    for (const check of checks) await api.put(`/v1/authentication/tasks/${taskId}/checks/${check}`, { result: failing.includes(check) ? 'fail' : 'pass' });
    const verdict = failing.length > 0 ? { verdict: 'fail', reasons: ['counterfeit'] } : { verdict: 'pass' };
    return api.post(`/v1/authentication/tasks/${taskId}/decision`, verdict);
  }

  reviews(taskId: string, verdict: 'pass' | 'fail'): Promise<AuthTask> {
    return this.person.api.post(`/v1/authentication/tasks/${taskId}/review`, { verdict, ...(verdict === 'fail' && { reasons: ['counterfeit'] }) });
  }

  async sendsOn(orderId: string): Promise<void> {
    await this.person.api.post(`/v1/orders/${orderId}/ship-to-buyer`, {});
  }
}
