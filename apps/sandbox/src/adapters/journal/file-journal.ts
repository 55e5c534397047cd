import { mkdir, open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Journal } from '../../application/ports';
import { World, type Change } from '../../domain/world';

const FILE = 'journal.ndjson';

/** One line a unit of work; many units share one flush. */
export class FileJournal extends Journal {
  private waiting: string[] = [];
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  private constructor(
    private readonly file: FileHandle,
    private readonly onFatal: (error: unknown) => void,
  ) {
    super();
  }

  /** Replays what is there. A last line without its end was never answered for, and is cut off. */
  static async open(folder: string, onFatal: (error: unknown) => void): Promise<{ journal: FileJournal; world: World }> {
    await mkdir(folder, { recursive: true });
    const path = join(folder, FILE);
    const world = new World();
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) await truncate(path, whole);
    for (let from = 0, line = 1; from < whole; line += 1) {
      const to = bytes.indexOf(0x0a, from);
      for (const change of parseLine(bytes.toString('utf8', from, to), line)) world.apply(change);
      from = to + 1;
    }
    return { journal: new FileJournal(await open(path, 'a'), onFatal), world };
  }

  append(changes: readonly Change[]): void {
    this.waiting.push(`${JSON.stringify(changes)}\n`);
  }

  flushed(): Promise<void> {
    if (this.waiting.length === 0) return this.running;
    return (this.next ??= this.running.then(() => this.flush()));
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.file.close();
  }

  private flush(): Promise<void> {
    const lines = this.waiting;
    this.waiting = [];
    this.next = undefined;
    this.running = this.write(lines.join(''));
    return this.running;
  }

  private async write(text: string): Promise<void> {
    try {
      await this.file.appendFile(text);
      await this.file.datasync();
    } catch (error) {
      this.onFatal(error);
      throw error;
    }
  }
}

function parseLine(text: string, line: number): readonly Change[] {
  try {
    // The journal is written by this class alone, so a line that parses is a list of changes.
    return JSON.parse(text) as Change[];
  } catch (error) {
    throw new Error(`line ${line} of the journal is damaged`, { cause: error });
  }
}
