import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface RulesFile {
  readonly groups: readonly { readonly name: string; readonly interval: string; readonly rules: readonly RecordingRule[] }[];
}

/** What the file for Prometheus records. */
export function recordingRules(): RecordingRule[] {
  const { groups } = load(readFileSync('deploy/prometheus/recording-rules.yml', 'utf8')) as RulesFile; // Its shape is what the tests hold.
  return groups.flatMap(({ rules }) => rules);
}

/** The series that an expression reads, and the labels by which it sums: as far as our rules go. */
export function readBy(expr: string): { readonly series: readonly string[]; readonly labels: readonly string[] } {
  return {
    series: [...expr.matchAll(/\b([a-z_]+)(?:\{[^}]*\})?\[\w+\]/g)].map(([, name = '']) => name),
    labels: [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim())),
  };
}
