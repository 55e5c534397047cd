import type { Bus, BusRecord } from '@libs/events/bus';
import { type EventLine, parseLine } from '@libs/events/event-line';
import type { Metrics } from './metrics';
import { eventAttributes } from './span-attributes';
import type { Spans } from './spans';
import { continueTrace } from './trace';

/** What is measured of every relay, whoever's it is: told of each batch that the bus has taken. */
export function relayObserver(metrics: Metrics, spans: Spans, { system }: Bus): (seconds: number, records: readonly BusRecord[]) => void {
  const took = metrics.histogram('bus_append_duration_seconds', 'How long the bus took to take a batch of events durably.');
  const published = metrics.counter('outbox_published_total', 'Events that went from the outbox to the bus.', ['topic']);
  return (seconds, records) => {
    took.observe(seconds);
    for (const { topic } of records) published.inc({ topic });
    if (spans.isOn) for (const { line } of records) recordPublish(spans, parseLine(line), { system, seconds });
  };
}

function recordPublish(spans: Spans, line: EventLine, { system, seconds }: { readonly system: string; readonly seconds: number }): void {
  const { type, headers: { traceparent: cause } } = line;
  if (!spans.samples(cause)) return;
  spans.record({ name: `publish ${type}`, kind: 'producer', traceparent: continueTrace(cause), cause, seconds, attributes: eventAttributes(system, 'publish', line) });
}
