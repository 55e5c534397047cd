import type { DescService } from '@bufbuild/protobuf';
import type { ServiceName, Topic } from '@libs/contracts/events';
import type { INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { ConfigClass } from './config';

/** How the one public service speaks HTTP. The chassis listens on `<NAME>_HTTP_HOST` and `<NAME>_HTTP_PORT`. */
export interface HttpDoor {
  readonly port: number;
  adapter(): AbstractHttpAdapter;
  /** Before the application is initialised: plugins, global filters and the like. */
  prepare?(app: INestApplication): Promise<void> | void;
}

/** What the chassis must know of a service to run it. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  readonly config: ConfigClass;
  /** The generated descriptors of what it answers. */
  readonly serves: readonly DescService[];
  /** The folder of its `NNNN-name.sql` files; without one it has no database. */
  readonly migrations?: string;
  readonly http?: HttpDoor;
  /** What it keeps from events alone: `npm run cli -- replay <service>` empties it and tells it anew. */
  readonly projection?: Projection;
}

export interface Projection {
  /** They hold what these topics have told, and nothing else. */
  readonly tables: readonly string[];
  readonly topics: readonly Topic[];
  /** What they say, however often, late and in whatever order it was told: queries whose rows, in any order, are the same after a replay. */
  readonly says: readonly string[];
}

/** A Nest module that says how to run it. */
export interface ServiceModule {
  new (): object;
  readonly service: ServiceDefinition;
}

export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}
