import { join } from 'node:path';
import { runningExchange } from '../run-file';
import { Child } from './child';
import { START_MS_MAX } from './running';

/** For commands that need a running exchange and find none: starts one on the data folder, and stops it afterwards. */
export async function withExchange(options: readonly string[], data: string, work: (url: string, sandboxUrl: string) => Promise<void>): Promise<void> {
  const child = Child.start('exchange', join(__dirname, '../main.js'), { env: process.env, args: options });
  try {
    const end = Date.now() + START_MS_MAX;
    for (;;) {
      const run = runningExchange(data);
      if (run?.pid === child.pid) return await work(run.url, run.sandboxUrl);
      if (!child.isRunning || Date.now() > end) throw new Error('the exchange did not start');
      await new Promise((done) => setTimeout(done, 50));
    }
  } finally {
    await child.stop();
  }
}
