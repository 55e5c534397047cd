import { invariant } from '@libs/kernel/invariant';
import { DataKeys, type SealedPlace, SealedRows } from './ports';

const ROUNDS_MAX = 10;

/**
 * A new key for everything that is sealed, while the service runs: it takes each change of its secrets file at the next seal.
 * What was cut short is taken up again: while the file holds more than one key, a rotation is under way. An old key opens until nothing needs it.
 */
export class RotateKeys {
  constructor(
    private readonly keys: DataKeys,
    private readonly rows: SealedRows,
  ) {}

  async execute(): Promise<{ resealed: number; isResumed: boolean }> {
    const isResumed = this.keys.ids().length > 1;
    if (!isResumed) this.keys.add();
    const older = this.keys.ids().slice(1);
    let resealed = 0;
    let isRetired = false;
    // More than one round only when somebody sealed with an old key that they had read just before the file changed.
    for (let round = 0; !isRetired; round++) {
      invariant(round < ROUNDS_MAX, 'something keeps sealing with an old key');
      resealed += await this.resealAll();
      isRetired = await this.rows.retire(older);
    }
    this.keys.forgetOlder();
    return { resealed, isResumed };
  }

  private async resealAll(): Promise<number> {
    let total = 0;
    let after: SealedPlace | undefined;
    do {
      const { resealed, next } = await this.rows.reseal(after);
      total += resealed;
      after = next;
    } while (after);
    return total;
  }
}
