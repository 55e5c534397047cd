import type { Route } from '../door/route';
import type { KnownProblem } from './refusals-in-sources';

/** The documents that are written from the code. */

const WRITTEN = 'Written by `apps/gateway/src/documents/write.ts`; never edited.';
const cell = (text: string) => text.replaceAll('|', '\\|');

export function knownProblemsSource(problems: readonly KnownProblem[]): string {
  const lines = problems.map(({ code, status, retryable, detail }) => `  '${code}': { status: ${status}, retryable: ${retryable}, detail: ${quoted(detail)} },`);
  return `/** ${WRITTEN.replaceAll('`', '')} What each code that a client may meet means. */
export const knownProblems: Readonly<Record<string, { readonly status: number; readonly retryable: boolean; readonly detail: string }>> = {
${lines.join('\n')}
};
`;
}

function quoted(text: string): string {
  return text.includes("'") ? `\`${text}\`` : `'${text}'`;
}

export function problemsDocument(problems: readonly KnownProblem[]): string {
  const services = [...new Set(problems.map(({ code }) => serviceOf(code)))];
  const sections = services.map((service) => {
    const rows = problems.filter(({ code }) => serviceOf(code) === service).map(({ code, status, retryable, detail }) => `| \`${code}\` | ${status} | ${retryable ? 'yes' : ''} | ${cell(detail)} |`);
    return `## ${service}\n\n| code | status | same request later? | meaning |\n|---|---|---|---|\n${rows.join('\n')}`;
  });
  return `# Problems

${WRITTEN}
Every failure of the API is an RFC 9457 document; its \`code\` is a contract and is never renamed. The gateway serves each at \`/problems/<code>\`.

${sections.join('\n\n')}
`;
}

const serviceOf = (code: string) => code.slice(0, code.indexOf('.'));

export function accessDocument(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))].sort();
  const sections = tags.map((tag) => `## ${tag}\n\n| route | for | limit | key | what |\n|---|---|---|---|---|\n${routes.filter((route) => route.tag === tag).map(row).join('\n')}`);
  return `# Who may do what

${WRITTEN}
A route that declares nothing answers 403. What is another's answers 404. *Key*: whether the \`Idempotency-Key\` header is wanted.

${sections.join('\n\n')}
`;
}

function row({ method, path, access, limit, idempotencyKey, summary }: Route): string {
  const who = access ? (typeof access.roles === 'string' ? whoOf[access.roles] : access.roles.join(', ')) : 'nobody';
  const counted = limit ?? (access?.roles === 'public' ? 'anonymous' : access?.roles === 'provider' ? 'webhook' : 'default');
  return `| \`${method} ${path}\` | ${who} | ${counted} | ${idempotencyKey ?? ''} | ${cell(summary)} |`;
}

const whoOf = { public: 'everybody', signed_in: 'whoever is logged in', provider: 'providers, by signature' } as const;
