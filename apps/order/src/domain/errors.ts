import { AppError } from '@libs/kernel/app-error';

export const orderNotFound = (id: string) => new AppError('not_found', 'order.not_found', 'There is no such order of yours.', { id });
export const illegalTransition = (status: string, event: string) =>
  new AppError('conflict', 'order.illegal_transition', `An order that is ${status} cannot take ${event}.`, { status, event });
export const notYours = (event: string) => new AppError('forbidden', 'order.not_yours', `Reporting ${event} is not for you.`, { event });
export const eventUnknown = (event: string) => new AppError('invalid', 'order.event_unknown', 'There is no such event to report.', { event });
export const keyReused = () => new AppError('rejected', 'order.key_reused', 'This Idempotency-Key was used for another request.');
export const tooLateToShip = () => new AppError('conflict', 'order.too_late_to_ship', 'The time to ship has passed; the order is about to be cancelled.');
export const reasonMissing = () => new AppError('rejected', 'order.reason_missing', 'An admin gives a reason.', { field: 'reason' });
export const nothingToRefund = (status: string) =>
  new AppError('conflict', 'order.nothing_to_refund', `Of an order that is ${status} nothing can be given back by hand.`, { status });
export const labelNotReady = () => new AppError('conflict', 'order.label_not_ready', 'The label is not ready yet.');
export const trackingTaken = (tracking: string) => new AppError('conflict', 'order.tracking_taken', 'This tracking number belongs to another parcel.', { tracking });
export const cursorInvalid = () => new AppError('invalid', 'order.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
export const filterInvalid = (field: string) => new AppError('invalid', 'order.filter_invalid', 'This filter has no such value.', { field });
export const taskNotFound = (id: string) => new AppError('not_found', 'order.task_not_found', 'There is no such task.', { id });
export const signatureInvalid = () => new AppError('invalid', 'order.webhook_signature', 'The signature does not fit.');
export const webhookInvalid = () => new AppError('invalid', 'order.webhook_invalid', 'This is no event of a carrier.');
