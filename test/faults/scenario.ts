import type { ServiceName } from '@libs/contracts/events';
import type { Failpoint } from '@libs/kernel/failpoint';
import type { Cast } from './cast';

/** What people do while the exchange dies under their hands, and what must have come of it. */
export interface Play {
  /** Sends the same requests with the same keys each time it is called. */
  acts(): Promise<unknown>;
  /** Called when all has settled, with the answer that the actors got in the end. */
  endsWell(answer: unknown): Promise<void>;
}

export interface Scenario {
  readonly point: Failpoint;
  /** Which passage kills, counted from the moment when the play is prepared. */
  readonly passage?: number;
  /** Whose process it is in split form. */
  readonly service: ServiceName;
  readonly says: string;
  /** Does what has to be done before, and waits for none of it: the exchange settles before the point is armed. */
  prepare(cast: Cast): Promise<Play>;
}
