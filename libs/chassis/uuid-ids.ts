import { randomFillSync } from 'node:crypto';
import type { WallClock } from '@libs/kernel/clock';
import { type IdPrefix, Ids, typeId } from '@libs/kernel/ids';

const POOL_BYTES = 4_096;
const COUNTER_MAX = 0xfff;

/** UUID version 7 with the 12 bits after the millisecond as a counter: within a process each id sorts after the one before. */
export class UuidIds extends Ids {
  private readonly pool = Buffer.alloc(POOL_BYTES);
  private used = POOL_BYTES;
  private lastMs = 0;
  private counter = 0;

  constructor(private readonly wall: WallClock) {
    super();
  }

  next(prefix: IdPrefix): string {
    return typeId(prefix, this.uuid());
  }

  private uuid(): string {
    const random = this.random(9);
    const now = this.wall.now().getTime();
    if (now > this.lastMs) {
      this.lastMs = now;
      this.counter = random.readUInt8(8); // Starts low, so that a millisecond has room for thousands.
    } else if (++this.counter > COUNTER_MAX) {
      this.lastMs += 1; // Ahead of the clock rather than out of order.
      this.counter = 0;
    }
    const time = this.lastMs.toString(16).padStart(12, '0');
    random[0] = ((random[0] as number) & 0x3f) | 0x80;
    return `${time}7${this.counter.toString(16).padStart(3, '0')}${random.toString('hex', 0, 8)}`;
  }

  private random(bytes: number): Buffer {
    if (this.used + bytes > POOL_BYTES) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    this.used += bytes;
    return this.pool.subarray(this.used - bytes, this.used);
  }
}
