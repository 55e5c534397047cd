import { readConfig } from './sandbox.config';
import { startSandbox } from './start-sandbox';

const say = (level: string, msg: string, fields: object = {}) => {
  process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), service: 'sandbox', msg, ...fields })}\n`);
};
const describe = (error: unknown) => (error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) });

async function main(): Promise<void> {
  const config = readConfig();
  const sandbox = await startSandbox({
    port: config.SANDBOX_PORT,
    host: config.SANDBOX_HOST,
    dataDir: config.SANDBOX_DATA,
    wall: { now: () => new Date() },
    onError: (error) => say('error', 'a call failed', describe(error)),
    onFatal: (error) => {
      say('fatal', 'the journal cannot be written', describe(error));
      process.exit(1);
    },
  });
  say('info', 'listening', { port: sandbox.port, url: sandbox.url });
  const stop = () => void sandbox.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop).once('SIGINT', stop);
  // Started with a channel to its parent, it does not outlive the parent.
  process.once('disconnect', stop);
}

main().catch((error: unknown) => {
  say('fatal', 'cannot start', describe(error));
  process.exitCode = 1;
});
