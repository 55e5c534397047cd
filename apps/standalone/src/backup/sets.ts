import { serviceMigrations } from '@libs/chassis/service-migrations';
import { busTables } from '@libs/events/event-tables';
import type { MigrationSet } from '@libs/postgres/migrate';
import { innerServices } from '../services';

/** What makes the database of that name, as this version has it. */
export function setsOf(name: string): MigrationSet[] {
  if (name === 'bus') return [busTables];
  const service = innerServices.find((one) => one.service.name === name)?.service;
  if (!service?.migrations) throw new Error(`There is no database ${name} in this version: it is of a newer one.`);
  return serviceMigrations(service.migrations);
}
