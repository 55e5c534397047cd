import { WallClock } from '@libs/kernel/clock';
import type { Allowance, Limit, Limits } from '../src/door/limits';

/** Machine time in hand. */
export class HeldClock extends WallClock {
  private ms = 1_800_000_000_000;

  now(): Date {
    return new Date(this.ms);
  }

  passes(ms: number): void {
    this.ms += ms;
  }
}

interface Form {
  readonly limits: Limits;
  /** Lets a bucket's machine time go on. */
  passes(ms: number): Promise<void> | void;
}

/** A token comes back every three minutes: none does by chance, however slow the machine is. */
const SLOW: Limit = { quota: 5, windowS: 900, burst: 5 };
const TOKEN_MS = 180_000;

/** What every form of the limits keeps. */
export function limitsContract(form: () => Form): void {
  let callers = 0;
  const caller = () => `caller ${++callers}`;
  const take = async (limit: Limit, who: string): Promise<Allowance> => form().limits.take('default', limit, who);
  const times = async (n: number, limit: Limit, who: string) => {
    const answers: boolean[] = [];
    for (let i = 0; i < n; i++) answers.push((await take(limit, who)).allowed);
    return answers;
  };

  it('lets a burst through and no more', async () => {
    expect(await times(7, SLOW, caller())).toEqual([true, true, true, true, true, false, false]);
  });

  it('says what is left, and how long to wait when nothing is', async () => {
    const who = caller();
    expect(await take(SLOW, who)).toEqual({ allowed: true, remaining: 4, retryAfterS: 0 });
    await times(4, SLOW, who);
    const refused = await take(SLOW, who);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterS).toBeGreaterThan(170);
    expect(refused.retryAfterS).toBeLessThanOrEqual(180);
  });

  it('gives a token back with time, up to the burst (I4)', async () => {
    const who = caller();
    await times(5, SLOW, who);
    expect((await take(SLOW, who)).allowed).toBe(false);
    await form().passes(1.1 * TOKEN_MS);
    expect(await times(2, SLOW, who)).toEqual([true, false]);
    await form().passes(20 * TOKEN_MS);
    expect(await times(6, SLOW, who)).toEqual([true, true, true, true, true, false]);
  });

  it('counts each caller and each limit apart', async () => {
    const [ann, bob] = [caller(), caller()];
    await times(5, SLOW, ann);
    expect((await take(SLOW, ann)).allowed).toBe(false);
    expect((await take(SLOW, bob)).allowed).toBe(true);
    expect((await form().limits.take('login', SLOW, ann)).allowed).toBe(true);
  });

  it('lets exactly the burst through when all come at once (I4)', async () => {
    const who = caller();
    const answers = await Promise.all(Array.from({ length: 40 }, () => take(SLOW, who)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(5);
  });
}
