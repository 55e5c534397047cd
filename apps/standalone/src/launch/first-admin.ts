import { spawn } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(__dirname, '../../../user/src/grant-admin.js');

/** Runs the user service's own command: the first administrator is nobody's gift over the network. */
export function grantFirstAdmin(userDatabase: string, email: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN, email], { env: { ...process.env, USER_DATABASE_URL: userDatabase }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', fail);
    child.once('exit', (code) => (code === 0 ? done() : fail(new Error(`the first administrator could not be named: ${said.trim()}`))));
  });
}
