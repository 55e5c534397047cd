import { AppError } from '@libs/kernel/app-error';
import type { Weakness } from './password';

/** Every refusal that this service can give. None of them repeats what the caller typed. */
export const emailTaken = () => new AppError('conflict', 'user.email_taken', 'An account with this e-mail address exists already.');
export const passwordWeak = (reason: Weakness) => new AppError('rejected', 'user.password_weak', weaknesses[reason], { reason });
export const credentialsWrong = () => new AppError('unauthenticated', 'user.credentials_wrong', 'The e-mail address or the password is wrong.');
export const tokenInvalid = () => new AppError('rejected', 'user.token_invalid', 'This link is not good, or not any more: ask for a new one.');
export const emailAlreadyVerified = () => new AppError('conflict', 'user.email_already_verified', 'This e-mail address is verified already.');
export const emailUnchanged = () => new AppError('rejected', 'user.email_unchanged', 'This is the e-mail address of the account already.');
export const tooManyMails = (max: number) => new AppError('rate_limited', 'user.too_many_mails', `At most ${max} of these mails are sent within an hour.`, { max: String(max) });
export const loginBusy = () => new AppError('unavailable', 'user.login_busy', 'Too many people log in at this moment: try again in a few seconds.');
export const refreshInvalid = () => new AppError('unauthenticated', 'user.refresh_invalid', 'This refresh token is not known: log in again.');
export const sessionEnded = () => new AppError('unauthenticated', 'user.session_ended', 'The session is over: log in again.');
export const refreshReused = () =>
  new AppError('unauthenticated', 'user.refresh_reused', 'This refresh token was used before: the session has been ended, log in again.');
export const refreshSuperseded = () =>
  new AppError('conflict', 'user.refresh_superseded', 'This refresh token has just been exchanged: use the newer one.');
export const userNotFound = (id: string) => new AppError('not_found', 'user.not_found', 'There is no such user.', { userId: id });
export const sessionNotFound = (id: string) => new AppError('not_found', 'user.session_not_found', 'There is no such session.', { sessionId: id });
export const stale = (version: number) =>
  new AppError('conflict', 'user.stale', 'The profile has changed since you read it.', { version: String(version) });
export const addressNotFound = (id: string) => new AppError('not_found', 'user.address_not_found', 'There is no such address.', { addressId: id });
export const tooManyAddresses = (max: number) =>
  new AppError('rejected', 'user.too_many_addresses', `At most ${max} addresses can be kept.`, { max: String(max) });
export const addressIncomplete = (field: string) => new AppError('rejected', 'user.address_incomplete', 'This part of the address is missing.', { field });
export const roleUnknown = (role: string) => new AppError('rejected', 'user.role_unknown', 'There is no such role.', { role });
export const lastAdmin = () => new AppError('conflict', 'user.last_admin', 'Somebody must stay an administrator.');
export const adminExists = () => new AppError('conflict', 'user.admin_exists', 'There is an administrator already, who can name others.');
export const keysRotating = () => new AppError('conflict', 'user.keys_rotating', 'The keys are being rotated already.');
export const keysNotWritable = () =>
  new AppError('conflict', 'user.keys_not_writable', 'The secrets file cannot be written from here. With one key in it, nothing was done: put a new one before it, and run this again. With more, all is sealed with the first: remove the others.');
export const cursorInvalid = () => new AppError('invalid', 'user.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
export const strikeUnknown = (kind: string) => new AppError('invalid', 'user.strike_unknown', 'There is no such kind of strike.', { kind });

const weaknesses: Readonly<Record<Weakness, string>> = {
  too_short: 'A password has at least 8 characters.',
  too_long: 'A password has at most 256 characters.',
  common: 'This password is among the first that an attacker would try.',
  personal: 'A password may not be the e-mail address or a part of it.',
};
