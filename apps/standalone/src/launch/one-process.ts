import type { Environment } from '@libs/chassis/config';
import { armFailpoints } from '@libs/chassis/failpoints';
import type { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { type RunningService, startService } from '@libs/chassis/start-service';
import { EmbeddedBus } from '@libs/events/embedded-bus';
import { busTables } from '@libs/events/event-tables';
import { Database } from '@libs/postgres/database';
import { migrate } from '@libs/postgres/migrate';
import { InProcessNetwork } from '@libs/rpc/in-process';
import { innerServices, gatewayService } from '../services';
import { checkConfiguration } from './check-configuration';
import type { Running } from './running';

const BUS_POOL = 6;
const PRUNE_MS = 3_600_000;

/** Every service in this process, each a Nest application of its own; calls and events stay within it. The public door opens last and closes first. */
export async function startInOneProcess(env: Environment, busUrl: string, log: Log): Promise<Running> {
  checkConfiguration(env, { inProcess: true, busGiven: true });
  const network = new InProcessNetwork();
  await migrate(busUrl, [busTables]);
  const busDatabase = await Database.open({ url: busUrl, poolSize: BUS_POOL, name: 'bus', log });
  const bus = new EmbeddedBus(busDatabase);
  const pruning = new Loop({ name: 'bus prune', everyMs: PRUNE_MS, log }, () => bus.prune());
  pruning.start();
  const running: RunningService[] = [];
  const stop = async () => {
    for (const service of [...running].reverse()) await service.stop();
    await pruning.stop();
    await busDatabase.close();
  };
  try {
    running.push(...(await Promise.all(innerServices.map((service) => startService(service, { env, network, bus })))));
    running.push(await startService(gatewayService, { env, network, bus }));
  } catch (error) {
    await stop();
    throw error;
  }
  const arm = async (failpoints: string) => armFailpoints({ NODE_ENV: env.NODE_ENV, FAILPOINTS: failpoints });
  return { arm, stop, pids: { exchange: process.pid } };
}
