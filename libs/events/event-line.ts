import { create, fromJson, toJson, type JsonValue } from '@bufbuild/protobuf';
import { events, type EventInit, type EventName, type EventOf, type Topic } from '@libs/contracts/events';

/** What travels beside an event's facts. `at` is the business time at which it occurred. */
export interface EventHeaders {
  readonly id: string;
  readonly at: string;
  readonly traceparent?: string;
}

/** An event as it is stored and sent; `payload` is ProtoJSON. */
export interface EventLine {
  readonly topic: Topic;
  readonly key: string;
  readonly kseq: number;
  /** Perhaps of a newer producer, and so not in our catalogue. */
  readonly type: string;
  readonly payload: JsonValue;
  readonly headers: EventHeaders;
}

export function payloadOf<N extends EventName>(name: N, event: EventInit<N>): JsonValue {
  const { schema } = events[name];
  // The catalogue ties the name to the schema; the compiler cannot follow a union of schemas.
  return toJson(schema, create(schema, event as never));
}

/** Fields that a newer producer has added are passed over. */
export function eventOf<N extends EventName>(name: N, payload: JsonValue): EventOf<N> {
  return fromJson(events[name].schema, payload, { ignoreUnknownFields: true }) as EventOf<N>;
}

/** One line: JSON has no line breaks of its own. */
export function formatLine({ topic, key, kseq, type, payload, headers }: EventLine): string {
  return JSON.stringify([topic, key, kseq, type, payload, headers]);
}

/** The same line in two pieces, between which its number belongs. */
export function lineAroundNumber({ topic, key, type, payload, headers }: Omit<EventLine, 'kseq'>): [string, string] {
  return [`${JSON.stringify([topic, key]).slice(0, -1)},`, `,${JSON.stringify([type, payload, headers]).slice(1)}`];
}

export interface NumberedEvent<N extends EventName> {
  readonly name: N;
  readonly key: string;
  readonly kseq: number;
  readonly event: EventInit<N>;
  readonly headers: EventHeaders;
}

/** The line of an event whose number its producer knows already. */
export function eventLine<N extends EventName>({ name, key, kseq, event, headers }: NumberedEvent<N>): string {
  return formatLine({ topic: events[name].topic, key, kseq, type: name, payload: payloadOf(name, event), headers });
}

export class BadLine extends Error {
  override name = 'BadLine';
}

export function parseLine(line: string): EventLine {
  const parts = jsonOf(line);
  if (!Array.isArray(parts)) throw new BadLine('not a list');
  const [topic, key, kseq, type, payload, headers] = parts as unknown[];
  const isLine = typeof topic === 'string' && typeof key === 'string' && Number.isSafeInteger(kseq) && typeof type === 'string' && isRecord(payload) && isRecord(headers);
  if (!isLine || typeof headers.id !== 'string' || typeof headers.at !== 'string') throw new BadLine('not [topic, key, kseq, type, payload, headers]');
  return { topic, key, kseq, type, payload, headers } as unknown as EventLine; // Checked just above.
}

const ADDRESS = /^\["([^"\\]+)","([^"\\]+)",/;

/** Where a line of our own outbox goes: its two first parts, without reading the rest of it. */
export function addressOf(line: string): Pick<EventLine, 'topic' | 'key'> {
  const [, topic, key] = ADDRESS.exec(line) ?? [];
  if (topic === undefined || key === undefined) return parseLine(line);
  return { topic: topic as Topic, key }; // Of our own outbox, whose topics are of the catalogue.
}

export function isEventName(type: string): type is EventName {
  return Object.hasOwn(events, type);
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new BadLine('not JSON');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
