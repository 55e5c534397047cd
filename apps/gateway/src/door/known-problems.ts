/** Written by `write-documents.ts` from every service's refusals; never edited. */
export const knownProblems: Readonly<Record<string, { readonly status: number; readonly retryable: boolean; readonly detail: string }>> = {};
