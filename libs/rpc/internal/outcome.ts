import { AppError } from '@libs/kernel/app-error';
import type { Outcome } from '../rpc-observer';

const answered: Outcome = { outcome: 'ok', kind: 'ok' };
const broken: Outcome = { outcome: 'internal', kind: 'internal' };

/** What came of a call: of one that failed, by its error. */
export function outcomeOf(error: unknown): Outcome {
  if (error === undefined) return answered;
  return error instanceof AppError ? { outcome: error.code, kind: error.kind } : broken;
}
