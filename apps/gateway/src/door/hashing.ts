import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import type { OutgoingCall } from '@libs/rpc/rpc';
import { Revocations } from './revocations';

/** Hashing a password takes its time, and waits for its turn behind others: on a busy machine longer than anything else that is asked for. */
const HASHING_MS_MAX = 10_000;
/** The user service's heart goes on beating twice a second while its threads hash: one that is silent for so long does not hash, it hangs. */
export const SILENT_MS_MAX = 4_000;
/** Then it is listened for once more, so that a gateway that was held up itself takes in first what has come meanwhile. */
const LISTENED_AGAIN_MS = 500;

const accountsUnavailable = () => new AppError('unavailable', 'gateway.accounts_unavailable', 'Passwords cannot be checked at this moment. Try again in a few seconds.');

/** Calls of the user service that hash a password. */
@Injectable()
export class Hashing {
  constructor(
    private readonly revocations: Revocations,
    private readonly clock: WallClock,
  ) {}

  /** Waits for the answer as long as hashing may take, and no longer for a service that hangs. */
  async call<T>(send: (call: Pick<OutgoingCall, 'deadlineMs'>) => Promise<T>): Promise<T> {
    const begunMs = this.nowMs();
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      const listen = (isSilentAlready: boolean): void => {
        const leftMs = Math.max(begunMs, this.revocations.heardAtMs) + SILENT_MS_MAX - this.nowMs();
        if (leftMs <= 0 && isSilentAlready) return reject(accountsUnavailable());
        timer = setTimeout(() => listen(leftMs <= 0), leftMs <= 0 ? LISTENED_AGAIN_MS : leftMs);
      };
      listen(false);
    });
    return Promise.race([send({ deadlineMs: HASHING_MS_MAX }), silence]).finally(() => clearTimeout(timer));
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}
