import { kafkaSchema } from '@libs/chassis/chassis-config';
import type { Environment } from '@libs/chassis/config';
import { armFailpoints } from '@libs/chassis/failpoints';
import { openBus } from '@libs/chassis/open-bus';
import type { ServiceModule } from '@libs/chassis/service';
import { type PreparedService, prepareService } from '@libs/chassis/start-service';
import { InProcessNetwork } from '@libs/rpc/in-process';
import { innerServices, gatewayService } from '../services';
import { checkConfiguration } from './check-configuration';
import type { Running, Starting } from './running';

const BUS_POOL = 6;

/** Every service in this process, each a Nest application of its own; calls and events stay within it. Nobody goes to work before all are built; the public door opens last and closes first. */
export async function startInOneProcess(env: Environment, busUrl: string, { log, stopping }: Starting): Promise<Running> {
  checkConfiguration(env, { inProcess: true, busGiven: true, isOnKafka: false });
  const network = new InProcessNetwork();
  const { bus, close } = await openBus({ ...kafkaSchema.parse(env), url: busUrl, poolSize: BUS_POOL, log });
  const prepare = (service: ServiceModule) => prepareService(service, { env, network, bus });
  const services: PreparedService[] = [];
  const stop = async () => {
    for (const service of [...services].reverse()) await service.stop();
    await close();
  };
  try {
    const [inner, gateway] = await Promise.all([Promise.all(innerServices.map(prepare)), prepare(gatewayService)]);
    services.push(...inner, gateway);
    stopping.throwIfAborted();
    await Promise.all(inner.map((service) => service.open()));
    stopping.throwIfAborted();
    await gateway.open();
  } catch (error) {
    await stop();
    throw error;
  }
  const arm = async (failpoints: string) => armFailpoints({ NODE_ENV: env.NODE_ENV, FAILPOINTS: failpoints });
  return { arm, stop, pids: { exchange: process.pid } };
}
