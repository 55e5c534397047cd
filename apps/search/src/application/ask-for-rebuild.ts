import type { WallClock } from '@libs/kernel/clock';
import { rebuildNotDone } from '../domain/errors';
import type { Rebuilds } from './ports';

const LOOK_EVERY_MS = 250;

/** From outside the service, which alone knows its owners: leaves the wish where it looks for such, and waits. */
export class AskForRebuild {
  constructor(
    private readonly rebuilds: Rebuilds,
    private readonly wall: WallClock,
    private readonly pause: (ms: number) => Promise<unknown>,
  ) {}

  /** Answers how many seconds it took. */
  async execute(patienceSeconds: number): Promise<number> {
    const begun = this.wall.now().getTime();
    const { id } = await this.rebuilds.request('all', this.wall.now());
    const passed = () => (this.wall.now().getTime() - begun) / 1_000;
    while (!(await this.rebuilds.isDone(id))) {
      if (passed() > patienceSeconds) throw rebuildNotDone(patienceSeconds);
      await this.pause(LOOK_EVERY_MS);
    }
    return Math.round(passed());
  }
}
