import { until } from '@libs/testing/exchange-process';
import { Problem } from '@libs/client/api';
import type { Trader } from '@libs/client/trader';
import type { Story } from '@libs/testing/story';
import { ProviderRecords } from './provider-records';

const ANSWERED_WITHIN_MS = 200_000;

/** Who plays: one buyer and one seller go through all of it, each time in a market of their own. */
export class Cast {
  readonly provider: ProviderRecords;
  private readonly unused: string[] = [];

  private constructor(
    readonly story: Story,
    readonly bea: Trader,
    readonly sam: Trader,
  ) {
    this.provider = new ProviderRecords(story.world.url);
  }

  static async gather(story: Story): Promise<Cast> {
    const [bea, sam] = await Promise.all([story.buyer(), story.seller()]);
    return new Cast(story, bea, sam);
  }

  /** Before each scenario, as `staffLogsIn` says. */
  async everybodyLogsIn(): Promise<void> {
    await Promise.all([this.story.staffLogsIn(), this.bea.logsIn(), this.sam.logsIn()]);
  }

  async market(): Promise<string> {
    if (this.unused.length === 0) this.unused.push(...(await this.story.markets(20)));
    return this.unused.pop() ?? '';
  }
}

/** As a client does it who does not know what became of a request: sends the same one again until it is answered for good. */
export async function persistently<T>(send: () => Promise<T>): Promise<T> {
  const answers: T[] = [];
  await until('the request is answered', ANSWERED_WITHIN_MS, async () => {
    try {
      return answers.push(await send());
    } catch (error) {
      if (isFinal(error)) throw error;
      return false;
    }
  });
  return answers[0] as T; // There is one: that is what was waited for.
}

function isFinal(error: unknown): boolean {
  return error instanceof Problem && error.status < 500 && error.code !== 'bidding.key_in_flight';
}
