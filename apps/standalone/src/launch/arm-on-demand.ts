import type { Running } from './running';

/** From whoever started us: `failpoints` as in the environment; `service` is the process that they are meant for, where there are several. */
interface Demand {
  readonly failpoints: string;
  readonly service?: string;
}

/** Under test fail points are armed while the exchange runs, so that what a test prepares passes them unharmed. Only our parent can ask for it. */
export function armOnDemand(running: Running): void {
  if (process.env.NODE_ENV !== 'test' || !process.send) return;
  process.on('message', ({ failpoints, service }: Demand) => {
    running.arm(failpoints, service).then(
      () => process.send?.({}),
      (error: unknown) => process.send?.({ refused: String(error) }),
    );
  });
}
