import { parseArgs } from 'node:util';

export interface Options {
  /** One process per service, over gRPC, instead of all in this one. */
  readonly split: boolean;
  /** Begin anew: the data folder is removed first. */
  readonly reset: boolean;
  readonly seed: boolean;
  readonly data: string;
  /** Free ports instead of the usual ones: for tests, and for a second exchange on one machine. */
  readonly freePorts: boolean;
}

export function parseOptions(argv: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      split: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      'no-seed': { type: 'boolean', default: false },
      data: { type: 'string', default: '.data' },
      'free-ports': { type: 'boolean', default: false },
    },
  });
  return { split: values.split, reset: values.reset, seed: !values['no-seed'], data: values.data, freePorts: values['free-ports'] };
}
