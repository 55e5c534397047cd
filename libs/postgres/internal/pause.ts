import { setTimeout as after } from 'node:timers/promises';

/** Technical waiting of this library alone: between tries, and until a server has come or gone. */
export async function pause(ms: number): Promise<void> {
  await after(ms);
}
