import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ServiceName } from '@libs/contracts/events';
import type { KafkaSettings } from '@libs/events/kafka-settings';

/** Where a running exchange is: written when it is ready, read by the commands that talk to it. */
export interface RunFile {
  readonly pid: number;
  readonly url: string;
  readonly sandboxUrl: string;
  readonly split: boolean;
  readonly internal: Readonly<Record<ServiceName, string>>;
  readonly databases: Readonly<Record<string, string>>;
  readonly redisUrl: string | undefined;
  readonly kafka?: KafkaSettings | undefined;
  /** Services that take no events, by the operator's wish. */
  readonly paused: readonly ServiceName[];
  readonly pids: Readonly<Record<string, number>>;
}

const path = (data: string) => join(data, 'run.json');

export function writeRunFile(data: string, run: RunFile): void {
  const part = `${path(data)}.part`;
  writeFileSync(part, JSON.stringify(run, undefined, 2));
  renameSync(part, path(data));
}

export function readRunFile(data: string): RunFile | undefined {
  // Written by the function above, in this very shape.
  return existsSync(path(data)) ? (JSON.parse(readFileSync(path(data), 'utf8')) as RunFile) : undefined;
}

/** The exchange of this data folder, if its process is alive. */
export function runningExchange(data: string): RunFile | undefined {
  const run = readRunFile(data);
  return run && isAlive(run.pid) ? run : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
