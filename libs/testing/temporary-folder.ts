import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A new folder, in that of the run of the tests, which is removed with all that is in it however the run ends. A database server that
 * runs as another user can get into it, so that an exchange's data are all below the folder that it was given.
 */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(process.env.PAIRWISE_TEST_RUN ?? tmpdir(), `pairwise-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}
