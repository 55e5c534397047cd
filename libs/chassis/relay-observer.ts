import type { BusRecord } from '@libs/events/bus';
import { parseLine } from '@libs/events/event-line';
import type { Metrics } from './metrics';
import { attributeNames } from './span-attributes';
import type { Spans } from './spans';
import { continueTrace } from './trace';

/** What is measured of every relay, whoever's it is: told of each batch that the bus has taken. */
export function relayObserver(metrics: Metrics, spans: Spans): (seconds: number, records: readonly BusRecord[]) => void {
  const took = metrics.histogram('bus_append_duration_seconds', 'How long the bus took to take a batch of events durably.');
  const published = metrics.counter('outbox_published_total', 'Events that went from the outbox to the bus.', ['topic']);
  return (seconds, records) => {
    took.observe(seconds);
    for (const { topic } of records) published.inc({ topic });
    if (spans.isOn) for (const { line } of records) recordPublish(spans, line, seconds);
  };
}

function recordPublish(spans: Spans, text: string, seconds: number): void {
  const { topic, type, headers } = parseLine(text);
  if (!spans.samples(headers.traceparent)) return;
  const attributes = { [attributeNames.messagingSystem]: 'pairwise', [attributeNames.messagingOperation]: 'publish', [attributeNames.messagingOperationType]: 'send', [attributeNames.topic]: topic, [attributeNames.eventId]: headers.id };
  spans.record({ name: `publish ${type}`, kind: 'producer', traceparent: continueTrace(headers.traceparent), cause: headers.traceparent, seconds, attributes });
}
