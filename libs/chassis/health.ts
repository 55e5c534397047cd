type Check = () => Promise<void> | void;
type Detail = () => unknown;

const CHECK_MS_MAX = 2_000;

export interface Readiness {
  readonly ready: boolean;
  /** What is not ready, and why. */
  readonly failing: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Whether the service may be given work. Live is less: the process answers at all. */
export class Health {
  private readonly checks = new Map<string, Check>();
  private readonly details = new Map<string, Detail>();
  private phase: 'starting' | 'started' | 'stopping' = 'starting';

  /** The service is not ready while `check` throws or takes longer than 2 s. */
  require(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  report(name: string, detail: Detail): void {
    this.details.set(name, detail);
  }

  started(): void {
    this.phase = 'started';
  }

  stopping(): void {
    this.phase = 'stopping';
  }

  get isStarted(): boolean {
    return this.phase !== 'starting';
  }

  /** What is shown beside: how far a start has come, and what is missing without standing in the way. */
  shown(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.details].map(([name, detail]) => [name, detail()]));
  }

  async readiness(): Promise<Readiness> {
    const failing: Record<string, string> = this.phase === 'started' ? {} : { service: this.phase };
    await Promise.all(
      [...this.checks].map(async ([name, check]) => {
        const failure = await failureOf(check);
        if (failure) failing[name] = failure;
      }),
    );
    return { ready: Object.keys(failing).length === 0, failing, details: this.shown() };
  }
}

async function failureOf(check: Check): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer in ${CHECK_MS_MAX} ms`), CHECK_MS_MAX);
  });
  const run = async () => {
    await check();
    return undefined;
  };
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
