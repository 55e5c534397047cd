import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentsOf } from './documents-of';

/** `npm run docs:access`, in the repository's root. */
for (const { path, text } of documentsOf(process.cwd())) writeFileSync(join(process.cwd(), path), text);
