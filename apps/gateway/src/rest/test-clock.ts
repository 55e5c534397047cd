import { Loop } from '@libs/chassis/loop';
import type { Log } from '@libs/chassis/log';
import type { WallClock } from '@libs/kernel/clock';
import { AppError } from '@libs/kernel/app-error';
import { z } from 'zod';
import type { Internals } from '../door/internals';
import { type Route, route } from '../door/route';

const FOLLOW_MS_MAX = 5_000;
const LOOK_EVERY_MS = 20;
const YEAR_MS = 366 * 24 * 3_600_000;
const ANSWER_MS_MAX = 2_000;

const ClockJson = z.object({ offsetMs: z.int(), now: z.string() });

const notFollowed = () => new AppError('unavailable', 'gateway.clock_not_followed', 'Not every service has followed the clock in 5 s. It stays where it was put.');
const sandboxSilent = () => new AppError('unavailable', 'gateway.sandbox_unreachable', 'The sandbox does not answer.');

export interface TestClock {
  readonly sandboxUrl: string;
  readonly internals: Pick<Internals, 'states'>;
  readonly wall: WallClock;
  readonly log: Log;
}

/** Only where the outside world is the sandbox: there business time can be moved ahead, by everybody and for everybody, as at the sandbox itself. */
export function testClockRoutes(clock: TestClock): Route[] {
  return [
    route({
      tag: 'Test clock', access: { roles: 'public' }, method: 'POST', path: '/v1/test/clock/advance', status: 200, summary: 'Move business time ahead. Answers when every service has followed.', refusals: ['gateway.clock_not_followed', 'gateway.sandbox_unreachable'],
      body: z.strictObject({ ms: z.int().min(1).max(YEAR_MS) }), answer: ClockJson,
      async handle({ body }) {
        const moved = await advance(clock.sandboxUrl, body.ms);
        if (!(await followed(clock, moved.offsetMs))) throw notFollowed();
        return moved;
      },
    }),
  ];
}

async function advance(sandboxUrl: string, ms: number): Promise<z.output<typeof ClockJson>> {
  try {
    const answer = await fetch(`${sandboxUrl}/clock/advance`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ms }), signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    return ClockJson.parse(await answer.json());
  } catch {
    throw sandboxSilent();
  }
}

async function followed({ internals, wall, log }: TestClock, offsetMs: number): Promise<boolean> {
  const untilMs = wall.now().getTime() + FOLLOW_MS_MAX;
  let loop: Loop | undefined;
  const result = await new Promise<boolean>((resolve) => {
    loop = new Loop({ name: 'test-clock', everyMs: LOOK_EVERY_MS, log }, async () => {
      const states = [...(await internals.states()).values()];
      if (states.every((state) => (state.offsetMs ?? -1) >= offsetMs)) resolve(true);
      else if (wall.now().getTime() >= untilMs) resolve(false);
    });
    loop.start();
  });
  await loop?.stop();
  return result;
}
