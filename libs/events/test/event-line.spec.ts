import fc from 'fast-check';
import { addressOf, BadLine, formatLine, parseLine } from '../event-line';

describe('the address of an event line', () => {
  it('is what reading the whole line says, whatever the key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.json(), (key, json) => {
        const line = formatLine({ topic: 'orders', key, kseq: 1, type: 'order.created', payload: { json }, headers: { id: 'evt_1', at: '2026-01-01T00:00:00.000Z' } });
        const { topic, key: read } = parseLine(line);
        expect(addressOf(line)).toMatchObject({ topic, key: read });
      }),
    );
  });

  it('is not guessed for a line that is none of ours', () => expect(() => addressOf('["orders",7]')).toThrow(BadLine));
});
