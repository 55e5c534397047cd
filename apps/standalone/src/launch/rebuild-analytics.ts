import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { rebuildReport, type RebuildReport } from '../adapters/postgres/rebuild-report';

const MAIN = join(__dirname, '../../../analytics/src/rebuild.js');
const LOOK_EVERY_MS = 250;
/** A million trades take a minute or two. */
const LIMIT_MS = 30 * 60_000;

/** Runs the service's own command, which asks for the rebuild, and waits until the service has done it. */
export async function rebuildAnalytics(database: string): Promise<RebuildReport> {
  const id = await asked(database);
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; ) {
    const report = await rebuildReport(database, id);
    if (report?.state === 'done') return report;
    if (report?.state === 'failed') throw new Error(`The rebuild failed, and nothing has changed: ${report.note}`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  throw new Error('The rebuild is asked for and not done yet: the service does it when it runs.');
}

function asked(database: string): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [MAIN], { env: { ...process.env, ANALYTICS_DATABASE_URL: database }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [id, said] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (id += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.once('error', fail);
    child.once('exit', (code) => (code === 0 ? done(id.trim()) : fail(new Error(`the rebuild could not be asked for: ${said.trim()}`))));
  });
}
