import { WallClock } from '@libs/kernel/clock';
import { FoundCache } from '../../application/ports';
import { FOUND_FOR_MS, FOUND_MAX } from '../../application/limits';

/** The most lately used answers of this process. */
export class MemoryFoundCache extends FoundCache {
  private readonly kept = new Map<string, { readonly value: string; readonly until: number }>();

  constructor(private readonly wall: WallClock) {
    super();
  }

  async get(key: string): Promise<string | undefined> {
    const found = this.kept.get(key);
    if (!found) return undefined;
    this.kept.delete(key);
    if (found.until <= this.wall.now().getTime()) return undefined;
    this.kept.set(key, found);
    return found.value;
  }

  async put(key: string, value: string): Promise<void> {
    this.kept.set(key, { value, until: this.wall.now().getTime() + FOUND_FOR_MS });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= FOUND_MAX) break;
      this.kept.delete(oldest);
    }
  }
}
