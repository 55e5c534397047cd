import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type DescMethod, type DescService, ScalarType } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import { events, services, topics } from '@libs/contracts/events';
import { AnalyticsService } from '@libs/contracts/gen/exchange/analytics/v1/analytics_pb';
import { CollectionService } from '@libs/contracts/gen/exchange/analytics/v1/collection_pb';
import { AuthenticationService } from '@libs/contracts/gen/exchange/authentication/v1/authentication_pb';
import { BiddingService } from '@libs/contracts/gen/exchange/bidding/v1/bidding_pb';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { OperationsService } from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { OrderService } from '@libs/contracts/gen/exchange/order/v1/order_pb';
import { PaymentService } from '@libs/contracts/gen/exchange/payment/v1/payment_pb';
import { ProductService } from '@libs/contracts/gen/exchange/product/v1/product_pb';
import { SearchService } from '@libs/contracts/gen/exchange/search/v1/search_pb';
import { UserService } from '@libs/contracts/gen/exchange/user/v1/user_pb';

const root = resolve(__dirname, '../..');
const protos = readdirSync(join(root, 'proto'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.proto'));
const announced = protos
  .filter((path) => path.endsWith('events.proto'))
  .flatMap((path) => {
    const text = readFileSync(join(root, 'proto', path), 'utf8');
    const pack = /^package ([\w.]+);/m.exec(text)?.[1];
    return [...text.matchAll(/^message (\w+)/gm)].map(([, name]) => `${pack}.${name}`);
  });

const entries = Object.entries(events);

describe('the catalogue of events', () => {
  it('ties each event to a topic that the service of its message produces', () => {
    const strangers = entries.filter(([, { topic, schema }]) => schema.typeName.split('.')[1] !== topics[topic].producer);
    expect(strangers.map(([name]) => name)).toEqual([]);
  });

  it('has one name for each message, and one message for each name', () => {
    const messages = entries.map(([, { schema }]) => schema.typeName);
    expect(messages.filter((message, i) => messages.indexOf(message) !== i)).toEqual([]);
  });

  it('names events as a noun and what has happened to it', () => {
    expect(entries.map(([name]) => name).filter((name) => !/^[a-z_]+\.[a-z_]*(ed|ready|paid)$/.test(name))).toEqual([]);
  });

  it('names producers that exist, and a key for every topic', () => {
    const described: readonly { producer: string; key: string }[] = Object.values(topics);
    const known: readonly string[] = services;
    expect(described.filter(({ producer, key }) => !known.includes(producer) || key === '')).toEqual([]);
  });

  it('has an event on every topic', () => {
    const used = new Set(entries.map(([, { topic }]) => topic));
    expect(Object.keys(topics).filter((topic) => !used.has(topic as keyof typeof topics))).toEqual([]);
  });

  it('leaves no announced message out, but those that are a part of another', () => {
    const catalogued = new Set<string>(entries.map(([, { schema }]) => schema.typeName));
    const parts = new Set(entries.flatMap(([, { schema }]) => schema.fields.flatMap((field) => (field.message ? [field.message.typeName] : []))));
    expect(announced.filter((message) => !catalogued.has(message) && !parts.has(message))).toEqual([]);
  });
});

describe('the contracts of calls', () => {
  const calls = [
    AnalyticsService, AuthenticationService, BiddingService, CollectionService, NotificationService, OperationsService, OrderService, PaymentService, ProductService, SearchService, UserService,
  ].flatMap((service: DescService) => service.methods);
  const named = (found: readonly DescMethod[]) => found.map(({ parent, name }) => `${parent.name}/${name}`);
  const isRead = ({ name }: DescMethod) => /^(Get|List|Count|Check|Search$|Autocomplete$|Export)/.test(name);
  const unary = calls.filter(({ methodKind }) => methodKind === 'unary');

  it('say of each call that only reads that it may be sent again, and of no other', () => {
    expect(named(unary.filter((call) => isRead(call) !== (call.idempotency === Level.NO_SIDE_EFFECTS)))).toEqual([]);
  });

  it('say so of each call that carries a key', () => {
    expect(named(unary.filter((call) => call.input.fields.some(({ localName }) => localName === 'idempotencyKey') && call.idempotency !== Level.IDEMPOTENT))).toEqual([]);
  });

  it('have a place in the answer to a key that says whether it was given before, where there is an answer', () => {
    const keyed = unary.filter((call) => call.input.fields.some(({ localName }) => localName === 'idempotencyKey') && call.output.fields.length > 0);
    expect(named(keyed.filter((call) => !call.output.fields.some(({ localName, scalar }) => localName === 'replayed' && scalar === ScalarType.BOOL)))).toEqual([]);
  });

  it('say so of what is known by its order, match or message besides, and of nothing else', () => {
    const unkeyed = unary.filter((call) => call.idempotency === Level.IDEMPOTENT && !call.input.fields.some(({ localName }) => localName === 'idempotencyKey'));
    expect(named(unkeyed).sort()).toEqual([
      'BiddingService/BustMatch', 'OrderService/CreateOrder', 'PaymentService/CancelPayment', 'PaymentService/CreatePayout', 'PaymentService/ProcessPayment', 'PaymentService/RefundPayment',
      'ProductService/ReleaseStock', 'ProductService/ReserveStock', 'UserService/RecordStrike',
    ]);
  });
});

describe('generated code', () => {
  it('is what the protos give', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/codegen-fresh.mjs')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 60_000);
});
