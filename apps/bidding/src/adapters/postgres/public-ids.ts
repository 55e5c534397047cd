import type { IdPrefix } from '@libs/kernel/ids';
import { typeId } from '@libs/kernel/ids';

/**
 * Public ids for rows that are read in bulk. Users, cards and addresses recur in thousands of quotes: each is made once,
 * and all quotes share the one text.
 */
export class PublicIds {
  private readonly known = new Map<string, string>();

  /** For ids that recur. */
  shared(prefix: IdPrefix, uuid: string): string {
    let id = this.known.get(uuid);
    if (id === undefined) this.known.set(uuid, (id = typeId(prefix, uuid)));
    return id;
  }

  /** For ids that come once. */
  once(prefix: IdPrefix, uuid: string): string {
    return typeId(prefix, uuid);
  }
}
