import { rmSync } from 'node:fs';
import { startSandbox, type SandboxProcess } from '@libs/testing/sandbox-process';
import { temporaryFolder } from '@libs/testing/temporary-folder';

/** As the providers' own SDKs send it; that these are content with the answers is shown by the tests of notification. */
const mail = (to: string, nid = 'ntf_1') => ({
  personalizations: [{ to: [{ email: to }], custom_args: { nid } }], from: { email: 'hello@pairwise.example' }, subject: 'It is <yours>',
  content: [{ type: 'text/plain', value: 'plain words' }, { type: 'text/html', value: '<h1 onclick="x()">fine words</h1>' }], headers: { 'List-Unsubscribe': '<https://pairwise.example/u>' },
});
const ACCOUNT = `/2010-04-01/Accounts/AC${'0'.repeat(32)}/Messages.json`;

let dataDir: string;
let sandbox: SandboxProcess;
beforeEach(async () => {
  dataDir = temporaryFolder('sandbox');
  sandbox = await startSandbox({ dataDir });
});
afterEach(async () => {
  await sandbox.stop();
  rmSync(dataDir, { recursive: true });
});

const send = (body: object, key = 'SG.any') => fetch(`${sandbox.url}/v3/mail/send`, { method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify(body) });
const text = (fields: Record<string, string>) => fetch(sandbox.url + ACCOUNT, { method: 'POST', headers: { authorization: 'Basic eA==' }, body: new URLSearchParams(fields).toString() });
const outbox = async (query = '') => ((await (await fetch(`${sandbox.url}/control/outbox${query}`)).json()) as { messages: { channel: string; to: string; text: string }[] }).messages;
const fault = (body: object) => fetch(`${sandbox.url}/control/faults`, { method: 'POST', body: JSON.stringify(body) });

it('keeps what it has taken, also when it is killed, and finds it by its sender\'s own id', async () => {
  const answer = await send(mail('ann@example.com', 'ntf_7'));
  expect([answer.status, answer.headers.get('x-message-id')]).toEqual([202, expect.stringMatching(/\w{10}/)]);
  expect((await text({ To: '+15035550142', From: '+15005550006', Body: 'short words' })).status).toBe(201);
  await sandbox.kill();
  sandbox = await startSandbox({ dataDir });
  expect((await outbox()).map(({ channel, to, text: said }) => [channel, to, said])).toEqual([['email', 'ann@example.com', 'plain words'], ['sms', '+15035550142', 'short words']]);
  const query = encodeURIComponent(`(unique_args['nid']="ntf_7")`);
  const found = await fetch(`${sandbox.url}/v3/messages?query=${query}`, { headers: { authorization: 'Bearer SG.any' } });
  expect(await found.json()).toMatchObject({ messages: [{ to_email: 'ann@example.com', status: 'delivered' }] });
  const listed = await fetch(`${sandbox.url}${ACCOUNT}?To=%2B15035550142`, { headers: { authorization: 'Basic eA==' } });
  expect(await listed.json()).toMatchObject({ messages: [{ body: 'short words', sid: expect.stringMatching(/^SM/) }] });
});

it('refuses what the providers refuse', async () => {
  expect((await send(mail('nobody'))).status).toBe(400);
  expect((await send(mail('ann@example.com'), 'wrong')).status).toBe(401);
  expect((await send({ ...mail('ann@example.com'), content: [] })).status).toBe(400);
  for (const To of ['+15005550001', '555']) expect(await (await text({ To, From: '+15005550006', Body: 'words' })).json()).toMatchObject({ status: 400, code: 21_211 });
  expect(await outbox()).toEqual([]);
});

it('shows every message as its reader sees it, in a frame that may do nothing', async () => {
  await send(mail('ann@example.com'));
  await text({ To: '+15035550142', From: '+15005550006', Body: 'short <words>' });
  const page = await fetch(`${sandbox.url}/outbox`);
  expect(page.headers.get('content-security-policy')).toContain(`default-src 'none'`);
  const html = await page.text();
  expect(html).toContain('<iframe sandbox title="It is &lt;yours&gt;" srcdoc="&lt;h1 onclick=&quot;x()&quot;&gt;fine words&lt;/h1&gt;"></iframe>');
  expect(html).toContain('<p class="sms">short &lt;words&gt;</p>');
  expect(html).not.toContain('<h1 onclick');
  expect(await (await fetch(`${sandbox.url}/outbox?channel=sms`)).text()).not.toContain('fine words');
});

it('strikes a share of the calls, evenly spread', async () => {
  await fault({ path: '/v3/mail/send', mode: 'unavailable_503', percent: 20, times: 1_000 });
  const statuses: number[] = [];
  for (let i = 0; i < 20; i++) statuses.push((await send(mail('ann@example.com', `ntf_${i}`))).status);
  expect(statuses.filter((status) => status === 503)).toHaveLength(4);
  expect(await outbox()).toHaveLength(16);
});
