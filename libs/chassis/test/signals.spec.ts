import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { until } from '@libs/testing/exchange-process';

/** A process that takes a while to stop, and says when it begins to and when it has. */
const program = `${transformFileSync(join(__dirname, '../signals.ts'), { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'commonjs' }, swcrc: false }).code}
const idle = setInterval(() => undefined, 1000);
exports.onStopSignal(() => new Promise((done) => { console.log('stopping'); setTimeout(() => { console.log('stopped'); done(); }, Number(process.argv[1])); }));
console.log('ready');`;

async function run(stopMs: number) {
  const child = spawn(process.execPath, ['-e', program, String(stopMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, output }));
  const says = (word: string) => until(`it says ${word}`, 30_000, () => output.includes(`${word}\n`));
  await says('ready');
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), says, ended };
}

describe('a process that was started with a channel', () => {
  it('ends with its starter, even one that is killed', async () => {
    const starting = `const { spawn } = require('node:child_process');
      spawn(process.execPath, ['-e', process.argv[1] + 'exports.endWithStarter();console.log(process.pid)', '0'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      setInterval(() => undefined, 1000);`;
    const starter = spawn(process.execPath, ['-e', starting, program], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    starter.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const closed = once(starter.stdout, 'close');
    await until('the child has told its number', 30_000, () => /\d+\n$/.test(output));
    expect(process.kill(Number(output.split('\n')[1]), 0)).toBe(true);
    starter.kill('SIGKILL');
    await closed; // Whoever writes there is gone.
  });
});

describe('a stop signal', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('%s lets the process finish, and ends it without an error', async (signal) => {
    const process = await run(50);
    process.kill(signal);
    expect(await process.ended).toEqual({ code: 0, output: 'ready\nstopping\nstopped\n' });
  });

  it('counts once when a terminal and npm both send it', async () => {
    const process = await run(100);
    process.kill('SIGINT');
    process.kill('SIGTERM');
    expect(await process.ended).toEqual({ code: 0, output: 'ready\nstopping\nstopped\n' });
  });

  it('ends the process at once when it is sent again later', async () => {
    const process = await run(20_000);
    process.kill('SIGTERM');
    await process.says('stopping'); // Its second begins when it has heard of the first.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    process.kill('SIGTERM');
    expect(await process.ended).toEqual({ code: 143, output: 'ready\nstopping\n' });
  });
});
