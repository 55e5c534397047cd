import { createHash } from 'node:crypto';
import { AppError } from '@libs/kernel/app-error';
import { ask, type RunningGateway, startGateway } from './start-gateway';

const TOKEN = 'a-token_of_at_least-twenty-characters';
const LINK = `/v1/unsubscribe/${TOKEN}`;
const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' }, raw: '' };

describe('the way out of a mail', () => {
  let gateway: RunningGateway;
  const ended: string[] = [];
  beforeAll(async () => {
    gateway = await startGateway({
      notification: {
        unsubscribe: async ({ token }) => {
          if (token !== TOKEN) throw new AppError('invalid', 'notification.token_invalid', 'This link is not one of ours.');
          ended.push(token);
          return { event: 'outbid' };
        },
      },
    });
  });
  afterAll(() => gateway.stop());
  beforeEach(() => {
    ended.length = 0;
  });

  it('shows a page with one button to whoever follows the link, and changes nothing by that', async () => {
    const { status, headers, text } = await ask(gateway.url, 'GET', LINK);
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([200, 'text/html; charset=utf-8', 'no-store']);
    expect(text.match(/<button>.*?<\/button>/g)).toEqual(['<button>Unsubscribe</button>']);
    expect(ended).toEqual([]);
  });

  it('ends the mails when the button is pressed, and says so on a page', async () => {
    const { text } = await ask(gateway.url, 'GET', LINK);
    const action = /<form method="post" action="([^"]+)">/.exec(text)?.[1] ?? '';
    const target = new URL(action, gateway.url + LINK);
    const done = await ask(target.origin, 'POST', target.pathname, form);
    expect([done.status, done.headers.get('content-type'), ended]).toEqual([200, 'text/html; charset=utf-8', [TOKEN]]);
    expect(done.text).toContain('You get no more mails like that one');
    expect(done.text).not.toContain('outbid');
  });

  it('is one click for mail programs', async () => {
    const { status, body } = await ask(gateway.url, 'POST', LINK, { ...form, raw: 'List-Unsubscribe=One-Click' });
    expect([status, body, ended]).toEqual([200, { event: 'outbid' }, [TOKEN]]);
  });

  it('lets its pages load nothing, run nothing and stand in no frame', async () => {
    for (const [method, path] of [['GET', LINK], ['POST', `${LINK}/confirm`]] as const) {
      const { headers, text } = await ask(gateway.url, method, path, method === 'POST' ? form : {});
      const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? '';
      expect(headers.get('content-security-policy')).toBe(`default-src 'none';style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';form-action 'self';base-uri 'none';frame-ancestors 'none'`);
      expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual(['nosniff', 'no-referrer']);
      expect(text).not.toMatch(/<script| on\w+=|style="|https?:/);
    }
  });

  it('is refused where the link is not one of ours: to a mail program by a problem, to a person by a page', async () => {
    const other = '/v1/unsubscribe/another-token_of_twenty-characters';
    expect((await ask(gateway.url, 'POST', other, form)).body.code).toBe('notification.token_invalid');
    const { headers, text } = await ask(gateway.url, 'POST', `${other}/confirm`, form);
    expect([headers.get('content-type'), text]).toEqual(['text/html; charset=utf-8', expect.stringMatching(/This link does not work.*Nothing has changed/s)]);
    expect(ended).toEqual([]);
    expect((await ask(gateway.url, 'GET', '/v1/unsubscribe/<script>')).status).toBe(404);
  });
});
