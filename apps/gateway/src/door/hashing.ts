import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import type { OutgoingCall } from '@libs/rpc/rpc';
import { filter, firstValueFrom, from, interval, map, merge, pairwise } from 'rxjs';
import { Revocations } from './revocations';

/** Hashing a password takes its time, and waits for its turn behind others: on a busy machine longer than anything else that is asked for. */
const HASHING_MS_MAX = 10_000;
/** The user service's heart goes on beating twice a second while its threads hash: one that is silent for so long does not hash, it hangs. */
export const SILENT_MS_MAX = 4_000;
/** Silent twice in a row: a gateway that was held up itself takes in first what has come meanwhile. */
const LISTEN_EVERY_MS = 500;

const refuse = (): never => {
  throw new AppError('unavailable', 'gateway.accounts_unavailable', 'Passwords cannot be checked at this moment. Try again in a few seconds.');
};

/** Nobody there, or no answer: the same to whoever waits as a service that hangs, which may lose its line at any moment too. */
const refuseSilence = (error: unknown): never => {
  if (error instanceof AppError && error.kind === 'unavailable' && error.code.startsWith('rpc.')) return refuse();
  throw error;
};

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
    const isSilent = () => Math.max(begunMs, this.revocations.heardAtMs) + SILENT_MS_MAX <= this.nowMs();
    const givenUp = interval(LISTEN_EVERY_MS).pipe(map(isSilent), pairwise(), filter(([before, now]) => before && now), map(refuse));
    return firstValueFrom(merge(from(send({ deadlineMs: HASHING_MS_MAX }).catch(refuseSilence)), givenUp));
  }

  private nowMs(): number {
    return this.clock.now().getTime();
  }
}
