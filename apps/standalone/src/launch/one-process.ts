import { kafkaSchema } from '@libs/chassis/chassis-config';
import type { Environment } from '@libs/chassis/config';
import { armFailpoints } from '@libs/chassis/failpoints';
import type { Log } from '@libs/chassis/log';
import { openBus } from '@libs/chassis/open-bus';
import { type RunningService, startService } from '@libs/chassis/start-service';
import { InProcessNetwork } from '@libs/rpc/in-process';
import { innerServices, gatewayService } from '../services';
import { checkConfiguration } from './check-configuration';
import type { Running } from './running';

const BUS_POOL = 6;

/** Every service in this process, each a Nest application of its own; calls and events stay within it. The public door opens last and closes first. */
export async function startInOneProcess(env: Environment, busUrl: string, log: Log): Promise<Running> {
  checkConfiguration(env, { inProcess: true, busGiven: true, isOnKafka: false });
  const network = new InProcessNetwork();
  const { bus, close } = await openBus({ ...kafkaSchema.parse(env), url: busUrl, poolSize: BUS_POOL, log });
  const running: RunningService[] = [];
  const stop = async () => {
    for (const service of [...running].reverse()) await service.stop();
    await close();
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
