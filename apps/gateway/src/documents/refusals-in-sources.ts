import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorKind, errorKinds } from '@libs/kernel/app-error';

export interface KnownProblem {
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly detail: string;
}

const TEXT = String.raw`(?:'((?:[^'\\]|\\.)*)'|\x60([^\x60]*)\x60)?`;
const APP_ERROR = new RegExp(String.raw`new AppError\(\s*'(\w+)',\s*'([\w.]+)',\s*${TEXT}`, 'g');
const HTTP_REFUSAL = new RegExp(String.raw`new HttpRefusal\((\d+),\s*'([\w.]+)',\s*${TEXT}`, 'g');
const NOT_FOUND = new RegExp(String.raw`notFound\('([\w.]+)',\s*${TEXT}`, 'g');
const INVALID_INPUT = new RegExp(String.raw`new InvalidInput\(\[\{ pointer: '[^']*', detail: ${TEXT} \}\], '([\w.]+)'\)`, 'g');
const DETAILED = new RegExp(String.raw`(\d{3})(?:: \{)?,? code: '([\w.]+)', detail: ${TEXT}`, 'g');
/** Statuses that the kinds of refusal do not have. */
const RETRYABLE = new Set([408, 429, 503]);

/** Every refusal that stands in our sources: code, status and words are written once, where they are thrown. */
export function refusalsInSources(root: string): KnownProblem[] {
  const texts = [...sourcesIn(join(root, 'apps')), ...sourcesIn(join(root, 'libs'))].map((path) => readFileSync(path, 'utf8'));
  const found = texts.flatMap(refusalsIn);
  found.push({ code: 'gateway.invalid_input', status: 400, retryable: false, detail: 'The request does not have the form that this route wants.' });
  const byCode = new Map<string, KnownProblem>();
  for (const problem of found) if (!byCode.get(problem.code)?.detail) byCode.set(problem.code, problem);
  return [...byCode.values()].map((known) => ({ ...known, detail: known.detail || 'The answer says which rule.' })).sort((a, b) => (a.code < b.code ? -1 : 1));
}

function refusalsIn(text: string): KnownProblem[] {
  return [
    ...[...text.matchAll(APP_ERROR)].flatMap(([, kind = '', code = '', ...words]) => (isKind(kind) ? [problem(statusOf(kind, code), code, words)] : [])),
    ...[...text.matchAll(HTTP_REFUSAL)].map(([, status = '', code = '', ...words]) => problem(Number(status), code, words)),
    ...[...text.matchAll(NOT_FOUND)].map(([, code = '', ...words]) => problem(404, code, words)),
    ...[...text.matchAll(INVALID_INPUT)].map(([, plain, template, code = '']) => problem(400, code, [plain, template])),
    ...[...text.matchAll(DETAILED)].map(([, status = '', code = '', ...words]) => problem(Number(status), code, words)),
  ];
}

function problem(status: number, code: string, [plain, template]: readonly (string | undefined)[]): KnownProblem {
  const detail = (plain ?? template ?? '').replaceAll(/\$\{[^}]*\}/g, '…').replaceAll("\\'", "'");
  return { code, status, retryable: RETRYABLE.has(status), detail };
}

function statusOf(kind: ErrorKind, code: string): number {
  return code.endsWith('.stale') ? 412 : errorKinds[kind].http;
}

function isKind(kind: string): kind is ErrorKind {
  return Object.hasOwn(errorKinds, kind);
}

function sourcesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/(\.spec|\.contract|\.d)\.ts$|(^|\/)(test|testing|gen|sandbox|web)\//.test(path))
    .sort()
    .map((path) => join(folder, path));
}
