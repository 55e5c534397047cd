/** The links that prove an address, and how long each is good. By the machine's time, like sessions. */
export const linkLifeMs = {
  verify_email: 24 * 3_600_000,
  reset_password: 30 * 60_000,
  confirm_old_email: 24 * 3_600_000,
  confirm_new_email: 24 * 3_600_000,
} as const;
export type LinkPurpose = keyof typeof linkLifeMs;

/** What somebody is told after the fact, so that a thief cannot act unnoticed. */
export type Notice = 'email_changed' | 'password_changed' | 'new_sign_in' | 'sessions_ended';
export type MessageKind = LinkPurpose | Notice;

/** Of one kind to one account: nobody can fill a mailbox by asking on somebody's behalf. */
export const MAILS_PER_WINDOW_MAX = 3;
const WINDOW_MS = 3_600_000;

export function mailsCountFrom(now: Date): Date {
  return new Date(now.getTime() - WINDOW_MS);
}

/** A change of address: both its ends have to agree. */
export interface EmailChange {
  readonly userId: string;
  readonly oldEmail: string;
  readonly newEmail: string;
  readonly expiresAt: Date;
  readonly oldConfirmed: boolean;
  readonly newConfirmed: boolean;
}

export function isAgreed(change: EmailChange): boolean {
  return change.oldConfirmed && change.newConfirmed;
}

export function confirmedBy(change: EmailChange, purpose: LinkPurpose): EmailChange {
  return { ...change, oldConfirmed: change.oldConfirmed || purpose === 'confirm_old_email', newConfirmed: change.newConfirmed || purpose === 'confirm_new_email' };
}

const FIRST_PAUSE_MS = 1_000;
const PAUSE_MS_MAX = 60_000;

/** How long the next try waits after so many that failed. */
export function pauseAfterMs(attempts: number): number {
  return Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(attempts, 10));
}
