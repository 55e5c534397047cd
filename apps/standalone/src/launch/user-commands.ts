import { spawn } from 'node:child_process';
import { join } from 'node:path';

const USER = join(__dirname, '../../../user/src');

/** The user service's own commands, on its database alone. The first administrator is nobody's gift over the network. */
export async function grantFirstAdmin(userDatabase: string, email: string): Promise<void> {
  await run('grant-admin.js', [email], { USER_DATABASE_URL: userDatabase }, 'the first administrator could not be named');
}

/** Answers what the command said. */
export function rotateKeys(userDatabase: string, secretsFile: string): Promise<string> {
  return run('rotate-keys.js', [], { USER_DATABASE_URL: userDatabase, USER_SECRETS_FILE: secretsFile }, 'the keys were not rotated');
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>>, failure: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(USER, file), ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complained = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()));
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done(said) : fail(new Error(`${failure}: ${complained.trim()}`))));
  });
}
