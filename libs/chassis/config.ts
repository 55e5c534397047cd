import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that never shows itself: in logs, JSON and templates it is `***`. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '***';
  }
}

/** A key of the environment whose value is a secret. */
export function secret(): z.ZodPipe<z.ZodString, z.ZodTransform<Secret, string>> {
  return z.string().min(1).transform((value) => new Secret(value));
}

export class ConfigError extends Error {
  override name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`Wrong configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** An injectable configuration: `class BiddingConfig extends configOf(z.object({ … })) {}`. */
export interface Config<T> {
  readonly values: T;
}

export interface ConfigClass<T = unknown> {
  new (environment: Environment): Config<T>;
  readonly schema: z.ZodType<T>;
}

export function configOf<S extends z.ZodType>(schema: S): ConfigClass<z.output<S>> {
  return class implements Config<z.output<S>> {
    static readonly schema = schema as unknown as z.ZodType<z.output<S>>;
    readonly values: z.output<S>;

    constructor(environment: Environment) {
      this.values = parseAll(environment, schema)[0] as z.output<S>;
    }
  };
}

/** Reads several schemas from one environment, and names every wrong key of all of them at once. An empty text counts as not given. */
export function parseAll(environment: Environment, ...schemas: readonly z.ZodType[]): unknown[] {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const results = schemas.map((schema) => schema.safeParse(given));
  const problems = results.flatMap((result) => result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return results.map((result) => result.data);
}
