import { chassisSchema, type Form } from '@libs/chassis/chassis-config';
import { ConfigError, type Environment, parseAll } from '@libs/chassis/config';
import type { ServiceModule } from '@libs/chassis/service';
import { gatewayService, innerServices } from '../services';

/** Where the rest of the world outside is. Without one of these it is the sandbox, which is not started beside a real provider. */
const besideStripe: Readonly<Record<string, string>> = { SENDGRID_API_KEY: 'mails', TWILIO_ACCOUNT_SID: 'text messages', CARRIER_URL: 'labels and parcels' };

/** Names the wrong keys of all services at once: each would name only its own, and the first to do so ends the start. */
export function checkConfiguration(env: Environment, form: Form): void {
  const problems = [...[...innerServices, gatewayService].flatMap((service) => problemsOf(service, env, form)), ...nowhere(env)];
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
}

function problemsOf({ service }: ServiceModule, env: Environment, form: Form): readonly string[] {
  try {
    parseAll(env, chassisSchema(service, form), service.config.schema);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** With real money, what would go to a sandbox that is not there would wait in vain. */
function nowhere({ STRIPE_SECRET_KEY: stripe, SANDBOX_URL: sandbox, ...env }: Environment): string[] {
  if (!stripe || sandbox) return [];
  return Object.entries(besideStripe).filter(([key]) => !env[key]).map(([key, what]) => `${key}: with STRIPE_SECRET_KEY no sandbox is started, and ${what} would go nowhere: set it, or the SANDBOX_URL of a sandbox of yours`);
}
