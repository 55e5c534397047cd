import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { events, services, topics } from '@libs/contracts/events';

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

describe('generated code', () => {
  it('is what the protos give', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/codegen-fresh.mjs')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  }, 60_000);
});
