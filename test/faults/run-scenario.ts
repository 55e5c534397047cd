import type { Failpoint } from '@libs/kernel/failpoint';
import { type Cast, persistently } from './cast';
import type { Play, Scenario } from './scenario';

/** All services die at once, where `scenario` says; its people go on as if nothing were. */
export async function runInOneProcess(cast: Cast, scenario: Scenario): Promise<void> {
  const { story: { exchange } } = cast;
  await runScenario(cast, scenario, async (play) => {
    const order = orderFor(scenario);
    if (atTheStart(scenario.point)) {
      await exchange.kill();
      await expect(exchange.start({ failpoints: order })).rejects.toThrow('ended while it started');
    } else await exchange.arm(order);
    const answered = persistently(play.acts);
    await exchange.died();
    await exchange.start();
    return answered;
  });
}

/** One service dies, the others go on, and the supervisor starts it again. */
export async function runInSplitForm(cast: Cast, scenario: Scenario): Promise<void> {
  const { story } = cast;
  await runScenario(cast, scenario, async (play) => {
    await story.exchange.arm(orderFor(scenario), scenario.service);
    await story.settled();
    const answered = persistently(play.acts);
    await story.exchange.died(scenario.service);
    // Who has looked for it in vain finds it again a moment after it is back.
    await persistently(() => cast.bea.orders());
    return answered;
  });
}

async function runScenario(cast: Cast, { prepare }: Scenario, dies: (play: Play) => Promise<unknown>): Promise<void> {
  const { story } = cast;
  const play = await prepare(cast);
  await story.settled();
  const answer = await dies(play);
  // Who has the answer may still send the request once more, and hears the same.
  expect(await persistently(play.acts)).toEqual(answer);
  await story.settled();
  await play.endsWell(answer);
  expect(await story.invariantsHold()).toContain('invariants hold');
}

const orderFor = ({ point, passage = 1 }: Scenario): string => `${point}:kill@${passage}`;

/** Passed by a writer that begins, before anybody can ask anything of it. */
const atTheStart = (point: Failpoint): boolean => point.startsWith('bidding.takeover.');
