import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { WallClock } from '@libs/kernel/clock';
import type { CallUser } from '@libs/rpc/call-context';

const LIFETIME_MS = 30_000;
const TICKETS_MAX = 10_000;

/** What opens a user's own channels on a socket, so that no token ever stands in an address. Kept by the gateway that gave it. */
@Injectable()
export class Tickets {
  private readonly issued = new Map<string, { user: CallUser; expiresAtMs: number }>();

  constructor(private readonly clock: WallClock) {}

  issue(user: CallUser): { ticket: string; expiresAt: Date } {
    const nowMs = this.clock.now().getTime();
    this.forgetExpired(nowMs);
    const ticket = randomBytes(32).toString('base64url');
    const expiresAtMs = nowMs + LIFETIME_MS;
    this.issued.set(ticket, { user, expiresAtMs });
    return { ticket, expiresAt: new Date(expiresAtMs) };
  }

  /** Good once. */
  redeem(ticket: string): CallUser | undefined {
    const issued = this.issued.get(ticket);
    this.issued.delete(ticket);
    return issued && issued.expiresAtMs > this.clock.now().getTime() ? issued.user : undefined;
  }

  /** All live equally long, so the oldest are first. */
  private forgetExpired(nowMs: number): void {
    for (const [ticket, { expiresAtMs }] of this.issued) {
      if (expiresAtMs > nowMs && this.issued.size < TICKETS_MAX) return;
      this.issued.delete(ticket);
    }
  }
}
