import { AppError } from '@libs/kernel/app-error';

export const taskNotFound = (id: string) => new AppError('not_found', 'authentication.task_not_found', 'There is no such task.', { id });
export const stale = (version: number) => new AppError('conflict', 'authentication.stale', 'The task has changed since you read it.', { version: String(version) });
export const queueEmpty = () => new AppError('not_found', 'authentication.queue_empty', 'No task is free.');
export const taskLocked = () => new AppError('conflict', 'authentication.task_locked', 'Somebody else has this task.');
export const claimLost = () => new AppError('conflict', 'authentication.claim_lost', 'You do not have this task, or no longer.');
export const ownTrade = () => new AppError('forbidden', 'authentication.own_trade', 'Nobody inspects a trade of their own.');
export const notInState = (state: string) => new AppError('conflict', 'authentication.wrong_state', `A task that is ${state} cannot take this.`, { state });
export const alreadyDecided = () => new AppError('conflict', 'authentication.already_decided', 'The verdict is written, and written once.');
export const sameAuthenticator = () => new AppError('forbidden', 'authentication.same_authenticator', 'Another person has to give this opinion.');
export const checksMissing = (kinds: readonly string[]) =>
  new AppError('rejected', 'authentication.checks_missing', 'A pass needs every check passed.', { checks: kinds.join(', ') });
export const reasonsMissing = () => new AppError('rejected', 'authentication.reasons_missing', 'A fail names its reasons.', { field: 'reasons' });
export const valueUnknown = (field: string) => new AppError('rejected', 'authentication.value_unknown', 'There is no such choice.', { field });
export const textMissing = (field: string) => new AppError('rejected', 'authentication.text_missing', 'This must not be empty.', { field });
export const parcelUnnamed = () => new AppError('invalid', 'authentication.parcel_unnamed', 'Name a tracking number or an order.');
export const parcelNotFound = (id: string) => new AppError('not_found', 'authentication.parcel_not_found', 'There is no such parcel.', { id });
export const cursorInvalid = () => new AppError('invalid', 'authentication.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
