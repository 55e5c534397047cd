import { chassisSchema, type Form } from '@libs/chassis/chassis-config';
import { ConfigError, type Environment, parseAll } from '@libs/chassis/config';
import type { ServiceModule } from '@libs/chassis/service';
import { gatewayService, innerServices } from '../services';

/** Names the wrong keys of all services at once: each would name only its own, and the first to do so ends the start. */
export function checkConfiguration(env: Environment, form: Form): void {
  const problems = [...innerServices, gatewayService].flatMap((service) => problemsOf(service, env, form));
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
