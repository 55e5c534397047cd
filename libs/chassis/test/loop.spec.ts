import { until } from '@libs/testing/exchange-process';
import { TestClock } from '@libs/testing/test-clock';
import { Log, silentLog } from '../log';
import { Loop } from '../loop';

const HOUR_MS = 3_600_000;

describe('a loop', () => {
  it('runs once when it starts, and again when it is nudged', async () => {
    let passes = 0;
    const loop = new Loop({ name: 'l', everyMs: HOUR_MS, log: silentLog() }, async () => (passes += 1));
    loop.start();
    await until('the first pass', 30_000, () => passes === 1 && !loop.isBusy);
    loop.nudge();
    await until('the second pass', 30_000, () => passes === 2);
    await loop.stop();
  });

  it('never overlaps its passes; nudges during one become one more', async () => {
    let open = 0;
    let most = 0;
    let passes = 0;
    let finish: () => void = () => undefined;
    const loop = new Loop({ name: 'l', everyMs: HOUR_MS, log: silentLog() }, async () => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => (finish = resolve));
      open -= 1;
      passes += 1;
    });
    loop.start();
    await until('a pass is open', 30_000, () => open === 1);
    for (let i = 0; i < 5; i++) loop.nudge();
    finish();
    await until('the next is open', 30_000, () => passes === 1 && open === 1);
    finish();
    await until('it is idle', 30_000, () => passes === 2 && !loop.isBusy);
    expect(most).toBe(1);
    await loop.stop();
  });

  it('makes one pass of the nudges of a burst', async () => {
    jest.useFakeTimers();
    try {
      let passes = 0;
      const loop = new Loop({ name: 'l', everyMs: HOUR_MS, log: silentLog(), gatherMs: 100 }, async () => void (passes += 1));
      loop.start();
      await jest.advanceTimersByTimeAsync(100);
      loop.nudge();
      await jest.advanceTimersByTimeAsync(99);
      loop.nudge();
      expect(passes).toBe(1);
      await jest.advanceTimersByTimeAsync(HOUR_MS / 2);
      expect(passes).toBe(2);
      await loop.stop();
    } finally {
      jest.useRealTimers();
    }
  });

  it('runs again at once while there is more to do', async () => {
    let left = 5;
    const loop = new Loop({ name: 'l', everyMs: HOUR_MS, log: silentLog() }, async () => --left > 0);
    loop.start();
    await until('all is done', 30_000, () => left === 0 && !loop.isBusy);
    await loop.stop();
  });

  it('logs a pass that throws, and tries again', async () => {
    const lines: string[] = [];
    let tries = 0;
    const loop = new Loop({ name: 'fragile', everyMs: 1, log: new Log({ service: 's', destination: { write: (line) => lines.push(line) } }) }, async () => {
      tries += 1;
      if (tries === 1) throw new Error('boom');
    });
    loop.start();
    await until('the second try', 30_000, () => tries >= 2);
    await loop.stop();
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', loop: 'fragile', error: { message: 'boom' } });
    expect(lines).toHaveLength(1);
  });

  it('runs when the business clock is moved', async () => {
    const clock = new TestClock();
    const seen: string[] = [];
    const loop = new Loop({ name: 'l', everyMs: HOUR_MS, log: silentLog(), clock }, async () => seen.push(clock.now().toISOString()));
    loop.start();
    await until('the first pass', 30_000, () => seen.length === 1 && !loop.isBusy);
    clock.passes({ days: 2 });
    await until('the pass after the move', 30_000, () => seen.length === 2);
    expect(seen[1]).toBe('2026-03-04T12:00:00.000Z');
    await loop.stop();
  });

  it('begins no pass after it was stopped, and waits for the one that runs', async () => {
    let passes = 0;
    let finish: () => void = () => undefined;
    const loop = new Loop({ name: 'l', everyMs: 1, log: silentLog() }, () => new Promise<void>((resolve) => (finish = () => { passes += 1; resolve(); })));
    loop.start();
    await until('a pass runs', 30_000, () => loop.isBusy && finish.length === 0 && passes === 0);
    const stopped = loop.stop();
    loop.nudge();
    finish();
    await stopped;
    expect(loop.isBusy).toBe(false);
    const at = passes;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(passes).toBe(at);
  });
});
