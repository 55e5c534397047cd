import { DataKeys } from '../../application/ports';
import { keysNotWritable } from '../../domain/errors';
import { addDataKey, forgetOlderDataKeys, UserSecrets } from './secrets';

/** The data keys of the secrets file, for the command that rotates them. */
export class FileDataKeys extends DataKeys {
  constructor(private readonly path: string, private readonly secrets: UserSecrets) {
    super();
  }

  ids(): readonly string[] {
    return this.secrets.dataKeys.map(({ kid }) => kid);
  }

  add(): void {
    this.write(addDataKey);
  }

  forgetOlder(): void {
    this.write(forgetOlderDataKeys);
  }

  private write(change: (path: string) => void): void {
    try {
      change(this.path);
    } catch (error) {
      // A mounted secret, or another's file: the operator has to write it.
      if (error instanceof Error && 'syscall' in error) throw keysNotWritable();
      throw error;
    }
  }
}
