import type { SentMessage } from '../../domain/keeping';
import { messagesFor } from '../../domain/messages';
import type { World } from '../../domain/world';
import { escape, style } from './page';

const SHOWN = 50;

/** Every message as its reader sees it: a mail in a frame that may do nothing but show it, with its plain form beneath; a text message as a bubble. */
export function outboxPage(world: World, query: URLSearchParams): string {
  const found = messagesFor(world, query);
  const shown = found.slice(-SHOWN).reverse();
  const to = query.get('to') ?? '';
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Outbox</title><style>${style}${own}</style>
<h1>Outbox</h1><p>${escape(found.length)} messages${to === '' ? '' : ` to ${escape(to)}`}; none of them has left this machine. <a href="/outbox">All</a> · <a href="/outbox?channel=email">Mail</a> · <a href="/outbox?channel=sms">Text messages</a> · <a href="/">Sandbox</a></p>
<form><label>To <input name="to" value="${escape(to)}" size="40"></label> <button>Show</button></form>
${shown.length === 0 ? '<p>None yet.</p>' : shown.map(card).join('\n')}</html>`;
}

function card(message: SentMessage): string {
  const { channel, to, from, subject, html, text, headers, sentAt } = message;
  const head = `<header><b>${escape(subject ?? 'Text message')}</b><span>to <a href="/outbox?to=${encodeURIComponent(to)}">${escape(to)}</a> from ${escape(from)} at ${escape(sentAt)}</span></header>`;
  if (channel === 'sms') return `<article>${head}<p class="sms">${escape(text)}</p></article>`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n');
  const plain = `<details><summary>Plain text and headers</summary><pre>${escape(`${lines}${lines === '' ? '' : '\n\n'}${text}`)}</pre></details>`;
  return `<article>${head}<iframe sandbox title="${escape(subject)}" srcdoc="${escape(html ?? '')}"></iframe>${plain}</article>`;
}

const own = `
article{background:#fff;border:1px solid #dfe3e8;border-radius:8px;margin:1.2rem 0;overflow:hidden}
header{padding:.6rem .9rem;border-bottom:1px solid #eceff2;display:flex;gap:1rem;justify-content:space-between;flex-wrap:wrap}header span{color:#5b6675}
input{max-width:100%;box-sizing:border-box}header{overflow-wrap:anywhere}header>*{min-width:0}
iframe{display:block;width:100%;height:44rem;border:0;background:#fff}@media(max-width:40rem){iframe{height:70rem}}details{padding:.5rem .9rem;border-top:1px solid #eceff2}pre{white-space:pre-wrap;overflow-wrap:anywhere}
.sms{margin:1rem .9rem;padding:.6rem .9rem;background:#e7f0ff;color:#1c2430;border-radius:1rem 1rem 1rem .2rem;max-width:28rem;white-space:pre-wrap;width:fit-content}
@media(prefers-color-scheme:dark){article{background:#1b2027;border-color:#2c333c}header,details{border-color:#262d35}header span{color:#93a0af}}`;
