import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lifecyclePage } from './domain/lifecycle-diagram';

/** `npm run docs:lifecycle`, run from the repository's root. */
writeFileSync(join('docs', 'order-lifecycle.md'), lifecyclePage());
