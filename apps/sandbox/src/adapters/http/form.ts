import { badRequest } from '../../domain/refusal';

const MAX_PAIRS = 1_000;
const MAX_DEPTH = 6;
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = { [key: string]: FormValue };
type Node = Map<string, Node | string>;

/** Reads `a=1&b[c]=2&d[]=3&e[0][f]=4` as the provider does: everything is a string, brackets nest. */
export function decodeForm(text: string): Form {
  const root: Node = new Map();
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > MAX_PAIRS) throw badRequest(`Too many parameters: ${pairs.length}.`);
  for (const [name, value] of pairs) place(root, partsOf(name), value, name);
  const form = toValue(root);
  return typeof form === 'object' && !Array.isArray(form) ? form : {};
}

function partsOf(name: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (match === null) throw badRequest(`Invalid parameter name: ${name}`);
  const parts = [match[1] ?? '', ...[...(match[2] ?? '').matchAll(/\[([^[\]]*)\]/g)].map((bracket) => bracket[1] ?? '')];
  if (parts.length > MAX_DEPTH || parts.some((part) => forbidden.has(part))) throw badRequest(`Invalid parameter name: ${name}`);
  return parts;
}

function place(root: Node, parts: readonly string[], value: string, name: string): void {
  let node = root;
  for (const [at, part] of parts.entries()) {
    const key = part === '' ? String(node.size) : part;
    if (at === parts.length - 1) {
      if (node.get(key) instanceof Map) throw badRequest(`Invalid parameter: ${name}`);
      node.set(key, value);
      return;
    }
    const inner = node.get(key) ?? new Map<string, Node | string>();
    if (typeof inner === 'string') throw badRequest(`Invalid parameter: ${name}`);
    node.set(key, inner);
    node = inner;
  }
}

function toValue(node: Node | string): FormValue {
  if (typeof node === 'string') return node;
  const entries = [...node].map(([key, inner]) => [key, toValue(inner)] as const);
  const isList = entries.length > 0 && entries.every(([key], at) => key === String(at));
  return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
