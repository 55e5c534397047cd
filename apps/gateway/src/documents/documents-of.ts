import { accessDocument, knownProblemsSource, problemsDocument } from './generated';
import { refusalsInSources } from './refusals-in-sources';
import { routeTable } from './route-table';

export interface Document {
  readonly path: string;
  readonly text: string;
}

/** Each document with what it should say, for the sources under `root`. */
export function documentsOf(root: string): Document[] {
  const problems = refusalsInSources(root);
  return [
    { path: 'apps/gateway/src/door/known-problems.ts', text: knownProblemsSource(problems) },
    { path: 'docs/problems.md', text: problemsDocument(problems) },
    { path: 'docs/access.md', text: accessDocument(routeTable()) },
  ];
}
