import type { LoggerService } from '@nestjs/common';
import pino, { type DestinationStream, type Level, type Logger } from 'pino';
import { redact, redactText } from './internal/redact';
import { currentTraceparent, spanIdOf, traceIdOf } from './trace';
import { version } from './version';

type Fields = Readonly<Record<string, unknown>>;

export interface LogOptions {
  readonly service: string;
  readonly level?: Level | 'silent';
  /** What NODE_ENV says. */
  readonly env?: string;
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

/** One JSON object a line: ts, level, service, version, env, msg, trace_id and span_id, and the caller's fields without personal data. */
export class Log {
  private readonly logger: Logger;

  constructor({ service, level = 'info', env, destination }: LogOptions) {
    const options = {
      level,
      base: { service, version, env },
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: { level: (label: string) => ({ level: label }) },
      mixin: () => {
        const traceparent = currentTraceparent();
        return traceparent ? { trace_id: traceIdOf(traceparent), span_id: spanIdOf(traceparent) } : {};
      },
    };
    this.logger = destination ? pino(options, destination) : pino(options, pino.destination({ fd: 1, sync: false }));
  }

  debug(fields: Fields, message: string): void {
    this.write('debug', fields, message);
  }

  info(fields: Fields, message: string): void {
    this.write('info', fields, message);
  }

  warn(fields: Fields, message: string): void {
    this.write('warn', fields, message);
  }

  error(fields: Fields, message: string): void {
    this.write('error', fields, message);
  }

  /** Writes out what is buffered, before the process ends. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.logger.flush(() => resolve()));
  }

  private write(level: Level, fields: Fields, message: string): void {
    if (!this.logger.isLevelEnabled(level)) return;
    this.logger[level](redact(fields) as object, redactText(message));
  }
}

/** For tests, and for what has nothing to say. */
export function silentLog(service = 'test'): Log {
  return new Log({ service, level: 'silent' });
}

/** Nest's own words: warnings and errors alone, in our form. */
export function nestLogger(log: Log): LoggerService {
  const text = (message: unknown) => (message instanceof Error ? message.message : String(message));
  return {
    log: () => undefined,
    warn: (message: unknown, ...more: unknown[]) => log.warn({ more }, text(message)),
    error: (message: unknown, ...more: unknown[]) => log.error({ error: message instanceof Error ? message : undefined, more }, text(message)),
    fatal: (message: unknown, ...more: unknown[]) => log.error({ error: message instanceof Error ? message : undefined, more }, text(message)),
  };
}
