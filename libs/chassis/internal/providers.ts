import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { ServiceModule } from '../service';

class ChassisModule {}

/** The service's module with what the chassis provides: global within this one container, so that use cases need no imports for it. */
export function rootModule(service: ServiceModule, values: readonly { provide: unknown; useValue: unknown }[], controllers: Type[]): DynamicModule {
  const providers = values as readonly Provider[];
  const chassis: DynamicModule = { module: ChassisModule, global: true, controllers, providers: [...providers], exports: values.map(({ provide }) => provide) as NonNullable<DynamicModule['exports']> };
  return { module: class Root {}, imports: [chassis, service] };
}
