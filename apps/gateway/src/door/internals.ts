import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { GatewayConfig } from '../gateway.config';

const ANSWER_MS_MAX = 2_000;
const Probe = z.object({ ready: z.boolean(), details: z.object({ clock: z.object({ offsetMs: z.number() }).optional() }) });

export interface ServiceState {
  readonly ready: boolean;
  /** Of its business clock, when it says so. */
  readonly offsetMs?: number;
}

const unreachable: ServiceState = { ready: false };

/** The services' own health, on the addresses that users cannot reach. */
@Injectable()
export class Internals {
  constructor(private readonly config: GatewayConfig) {}

  async states(): Promise<ReadonlyMap<string, ServiceState>> {
    const asked = [...this.config.values.INTERNAL_ADDRESSES].map(async ([name, address]) => [name, await stateOf(address)] as const);
    return new Map(await Promise.all(asked));
  }
}

async function stateOf(address: string): Promise<ServiceState> {
  try {
    const answer = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    const probe = Probe.parse(await answer.json());
    const { clock } = probe.details;
    return { ready: answer.ok && probe.ready, ...(clock && { offsetMs: clock.offsetMs }) };
  } catch {
    return unreachable;
  }
}
