import { spawn } from 'node:child_process';
import { join } from 'node:path';

const APPS = join(__dirname, '../../..');

/** Runs a command that a service brings, such as `user/src/grant-admin.js`, and answers what it said. Fails with what it complained of. */
export function serviceCommand(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(APPS, file), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done(said) : fail(new Error(complained.trim()))));
  });
}
