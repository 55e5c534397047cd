import { createHmac } from 'node:crypto';
import { isSigned } from './signature';

const now = new Date('2026-11-20T12:00:00Z');
const body = Buffer.from('{"id":"cev_1"}');
const sign = (text: string | Buffer, secret = 'secret', at = now) => {
  const t = Math.floor(at.getTime() / 1_000);
  return `t=${t},v1=${createHmac('sha256', secret).update(`${t}.`).update(text).digest('hex')}`;
};
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);

describe('a carrier\'s signature', () => {
  it('is good over exactly these bytes, with the secret, of this moment', () => expect(isSigned(body, sign(body), 'secret', now)).toBe(true));

  it.each([
    ['over other bytes', sign('{"id":"cev_2"}')],
    ['with another secret', sign(body, 'guess')],
    ['of more than 300 seconds ago', sign(body, 'secret', ago(301))],
    ['of more than 300 seconds ahead', sign(body, 'secret', ago(-301))],
    ['with the time changed afterwards', sign(body, 'secret', ago(400)).replace(/t=\d+/, `t=${now.getTime() / 1_000}`)],
    ['that is empty', ''],
    ['without form', 't=1,v1=zz'],
  ])('is refused %s', (_what, signature) => expect(isSigned(body, signature, 'secret', now)).toBe(false));

  it('is good for 300 seconds', () => expect(isSigned(body, sign(body, 'secret', ago(299)), 'secret', now)).toBe(true));
});
