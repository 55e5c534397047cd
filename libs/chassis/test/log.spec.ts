import { inTrace, newTraceparent, traceIdOf } from '../trace';
import { Log } from '../log';

function written(work: (log: Log) => void): { line: Record<string, unknown>; text: string } {
  const lines: string[] = [];
  work(new Log({ service: 'order', env: 'test', destination: { write: (line) => lines.push(line) } }));
  const text = lines.join('');
  return { line: JSON.parse(text) as Record<string, unknown>, text };
}

describe('a log line', () => {
  it('is one JSON object with time, level, service, version, surroundings, message, trace and span', () => {
    const traceparent = newTraceparent();
    const { line } = written((log) => inTrace(traceparent, () => log.info({ order_id: 'ord_1' }, 'opened')));
    expect(line).toMatchObject({ level: 'info', service: 'order', version: expect.stringMatching(/^\d+\.\d+\.\d+/), env: 'test', msg: 'opened', order_id: 'ord_1', trace_id: traceIdOf(traceparent), span_id: traceparent.slice(36, 52), ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) });
  });

  const secrets: [string, Record<string, unknown>, string][] = [
    ['a password', { password: 'hunter2secret' }, 'hunter2secret'],
    ['a refresh token', { refreshToken: 'r4f3-token-value' }, 'r4f3-token-value'],
    ['an authorization header, deep', { request: { headers: { authorization: 'Bearer abc.def' } } }, 'abc.def'],
    ['a cookie in a list', { sent: [{ cookie: 'sid=42secret' }] }, '42secret'],
    ['a JSON web token in a sentence', { note: 'got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2ln here' }, 'eyJhbGciOiJFZERTQSJ9'],
    ['a card number in a sentence', { note: 'card 4242 4242 4242 4242 was sent' }, '4242 4242'],
    ['an e-mail address in a value', { who: 'ann@example.com' }, 'ann@example'],
    ['an address', { address: { street: 'Elm Street 9', city: 'Springwood' } }, 'Springwood'],
    ['a phone number', { phone: '+49 30 1234567' }, '1234567'],
    ['a first name', { firstName: 'Anneliese' }, 'Anneliese'],
    ['a card number in an error\'s message', { error: new Error('declined 4242424242424242') }, '4242424242424242'],
    ['an e-mail address in an error\'s cause', { error: new Error('failed', { cause: new Error('for ann@example.com') }) }, 'ann@example'],
  ];

  it.each(secrets)('never holds %s', (_what, fields, secret) => {
    const { text } = written((log) => log.error(fields, 'something failed'));
    expect(text).not.toContain(secret);
    expect(text).toContain('***');
  });

  it('never holds a secret in its message', () => expect(written((log) => log.warn({}, 'mail to ann@example.com')).text).not.toContain('ann@'));

  it('keeps what operators need: ids of secret things, counts and the error', () => {
    const fields = { addressVersionId: 'adv_1', paymentMethodId: 'pm_1', sessionId: 'ses_1', discarded: 3, amountMinor: 487_45, orderNumber: '1234567890123', error: new TypeError('x is not a function') };
    expect(written((log) => log.error(fields, 'm')).line).toMatchObject({ ...fields, error: { type: 'TypeError', message: 'x is not a function', stack: expect.stringContaining('log.spec') } });
  });

  it('tells one user from another without naming either', () => {
    const [ann, bob] = ['usr_01h455vb4pex5vsknk084sn02q', 'usr_01h455vb4pex5vsknk084sn02r'];
    const { text, line } = written((log) => log.warn({ user_id: ann, seen: [ann, bob] }, `about ${ann}`));
    expect(text).not.toContain('01h455vb4pex5');
    expect(line).toMatchObject({ user_id: expect.stringMatching(/^usr#[0-9a-f]{12}$/), seen: [line.user_id, expect.not.stringContaining(String(line.user_id))], msg: `about ${String(line.user_id)}` });
  });

  it('survives what is too deep, too long, binary, big or circular', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const { line } = written((log) => log.info({ circular, many: Array.from({ length: 999 }, (_, i) => i), bytes: Buffer.from('secret'), big: 9_007_199_254_740_993n }, 'm'));
    expect(line).toMatchObject({ bytes: '<6 bytes>', big: '9007199254740993' });
    expect(line.many).toHaveLength(50);
  });

  it('stays one line whatever the message holds', () => expect(written((log) => log.info({}, 'a\nb')).text.trim().split('\n')).toHaveLength(1));
});
