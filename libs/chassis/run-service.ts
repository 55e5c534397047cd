import { ConfigError } from './config';
import { Log } from './log';
import type { ServiceModule } from './service';
import { endWithStarter, onStopSignal } from './signals';
import { startService } from './start-service';

/** The whole of a service's `main.ts`: one service in this process, until a signal stops it. */
export async function runService(service: ServiceModule): Promise<void> {
  endWithStarter();
  try {
    const running = await startService(service, { env: process.env });
    onStopSignal(() => running.stop());
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${service.service.name}: ${error.message}\n`);
    else await reported(new Log({ service: service.service.name }), error);
    process.exit(1);
  }
}

function reported(log: Log, error: unknown): Promise<void> {
  log.error({ error }, 'could not start');
  return log.flush();
}
