import { createHash } from 'node:crypto';
import { chassisSchema } from '../chassis-config';
import { parseAll } from '../config';
import { OtlpSpans } from '../internal/otlp-spans';
import { type Span, type SpanExport, Spans } from '../spans';
import { continueTrace, isSampled, newTraceparent } from '../trace';

class Kept implements SpanExport {
  readonly names: string[] = [];
  constructor(private readonly wanted = true) {}
  samples = () => this.wanted;
  take = ({ name }: Span) => void this.names.push(name);
  close = async () => undefined;
}

const unwanted = `${newTraceparent().slice(0, -2)}00`;
const ran = (spans: Spans, cause: string | undefined) => spans.run({ name: 'work', kind: 'internal', cause, attributes: {} }, async () => 'done');
const traceIds = Array.from({ length: 2_000 }, (_, i) => createHash('md5').update(String(i)).digest('hex'));

describe('spans', () => {
  it('are kept of traces that are recorded, and of no other', async () => {
    const kept = new Kept();
    const spans = new Spans(kept);
    expect([await ran(spans, unwanted), await ran(spans, newTraceparent()), await ran(spans, undefined)]).toEqual(['done', 'done', 'done']);
    spans.record({ name: 'told', kind: 'client', traceparent: unwanted, cause: undefined, seconds: 1, attributes: {} });
    expect(kept.names).toEqual(['work', 'work']);
    const outside = new Kept(false);
    await ran(new Spans(outside), newTraceparent());
    expect(outside.names).toEqual([]);
    expect([await ran(new Spans(), newTraceparent()), new Spans().samples(newTraceparent())]).toEqual(['done', false]);
  });

  it('carry on what whoever began the trace wants', () => {
    expect([continueTrace(unwanted), continueTrace(newTraceparent()), continueTrace('nonsense')].map(isSampled)).toEqual([false, true, true]);
    expect(['00-x-01', '', `${unwanted.slice(0, -2)}0`].map(isSampled)).toEqual([false, false, false]);
  });

  it('of a share of the traces are those of the same traces in every service', () => {
    const [order, payment, all, none] = [['order', 0.25], ['payment', 0.25], ['order', 1], ['order', 0]].map(([service, share]) => new OtlpSpans('http://127.0.0.1:1', String(service), Number(share)));
    const sampled = (of: SpanExport | undefined) => traceIds.filter((id) => of?.samples(id));
    expect(sampled(order)).toEqual(sampled(payment));
    expect(sampled(order).length).toBeGreaterThan(400);
    expect(sampled(order).length).toBeLessThan(600);
    expect([sampled(all).length, sampled(none).length]).toEqual([traceIds.length, 0]);
  });

  it.each([
    [{}, 1], [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0], [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.05' }, 0.05],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.05' }, 0.05], [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on', OTEL_TRACES_SAMPLER_ARG: '0.05' }, 1],
  ])('with %p are of the share %p', (env, share) => {
    const definition = { name: 'order', serves: [], config: class {} } as unknown as Parameters<typeof chassisSchema>[0]; // What the schema reads of it.
    const read = (given: object) => parseAll({ ...given }, chassisSchema(definition, { inProcess: true, busGiven: true, isOnKafka: false }))[0];
    expect(read(env)).toMatchObject({ tracesShare: share });
    expect(() => read({ OTEL_TRACES_SAMPLER: 'sometimes' })).toThrow(/OTEL_TRACES_SAMPLER/);
  });
});
