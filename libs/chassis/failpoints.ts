import { armFailpoint, type Failpoint, failpoints } from '@libs/kernel/failpoint';
import { ConfigError, type Environment } from './config';

const FORM = /^([\w.]+):(kill|throw)(?:@(\d+))?$/;

/** Arms what `FAILPOINTS=name:kill[@n],name:throw[@n]` names, where `n` is the passage that it acts upon. Only under test. */
export function armFailpoints({ NODE_ENV, FAILPOINTS }: Environment): void {
  if (!FAILPOINTS) return;
  if (NODE_ENV !== 'test') throw new ConfigError(['FAILPOINTS: are for tests alone (NODE_ENV=test)']);
  for (const text of FAILPOINTS.split(',')) {
    const [, name, action, passage = '1'] = FORM.exec(text.trim()) ?? [];
    if (!isFailpoint(name)) throw new ConfigError([`FAILPOINTS: ${text} names no fail point`]);
    let left = Number(passage);
    armFailpoint(name, () => {
      left -= 1;
      if (left !== 0) return;
      if (action === 'throw') throw new Error(`fail point ${name}`);
      process.kill(process.pid, 'SIGKILL');
    });
  }
}

function isFailpoint(name: string | undefined): name is Failpoint {
  return (failpoints as readonly (string | undefined)[]).includes(name);
}
