import { AppError } from '@libs/kernel/app-error';

export const kindUnknown = (kind: string) => new AppError('invalid', 'notification.kind_unknown', 'There is no such message.', { kind });
export const addressMissing = () => new AppError('invalid', 'notification.address_missing', 'An account message names its address.');
export const notFound = (id: string) => new AppError('not_found', 'notification.not_found', 'There is no such notification.', { notificationId: id });
export const parkedNotFound = (id: string) => new AppError('not_found', 'notification.parked_not_found', 'There is no such message among those that were given up.', { messageId: id });
export const cursorInvalid = () => new AppError('invalid', 'notification.cursor_invalid', 'This is not a cursor of ours.', { field: 'cursor' });
export const statusUnknown = (status: string) => new AppError('invalid', 'notification.status_unknown', 'There is no such status.', { status });
export const eventUnknown = (event: string, channel: string) => new AppError('rejected', 'notification.event_unknown', 'There is no such choice.', { event, channel });
export const preferenceFixed = (event: string, channel: string) => new AppError('rejected', 'notification.preference_fixed', 'This message protects your account or your money, and cannot be switched off.', { event, channel });
export const timeZoneUnknown = (timeZone: string) => new AppError('rejected', 'notification.time_zone_unknown', 'There is no such time zone.', { timeZone });
export const quietHoursEmpty = () => new AppError('rejected', 'notification.quiet_hours_empty', 'Quiet hours go from one time of day to another, as HH:MM.');
export const tokenInvalid = () => new AppError('rejected', 'notification.token_invalid', 'This link is not one of ours.');
