import { createHash } from 'node:crypto';
import { NotificationService } from '@libs/contracts/gen/exchange/notification/v1/notification_pb';
import { AppError } from '@libs/kernel/app-error';
import type { Rpc } from '@libs/rpc/rpc';
import { z } from 'zod';
import { type Headers, type Route, route } from '../door/route';

const open = { tag: 'Notifications', access: { roles: 'public' }, status: 200, cacheControl: 'no-store', params: z.strictObject({ token: z.string().regex(/^[\w-]{20,200}$/) }) } as const;
const asPage = { answer: z.string(), mediaType: 'text/html; charset=utf-8' } as const;

/** The way out that mails carry. Following the link changes nothing, since those who scan mails follow every link; the button, and a mail program's own one, do. */
export function unsubscribeRoutes(rpc: Rpc): Route[] {
  const notifications = rpc.client(NotificationService);
  return [
    route({
      ...open, ...asPage, method: 'GET', path: '/v1/unsubscribe/{token}', summary: 'The link of a mail, for a person: a page with one button. Looking at it changes nothing.',
      async handle({ params: { token } }, headers) {
        // Beside this page, so that it also leads there where the API stands in a folder of its host.
        return page(headers, 'No more mails like this one?', `<p>You can still read about it in your inbox at Pairwise.</p><form method="post" action="${token}/confirm"><button>Unsubscribe</button></form>`);
      },
    }),
    route({
      ...open, method: 'POST', path: '/v1/unsubscribe/{token}', summary: 'No more mails of one kind: the one-click link of a mail (RFC 8058). Its body says nothing that the link does not.',
      refusals: ['notification.token_invalid'], raw: {}, answer: z.object({ event: z.string() }),
      async handle({ params }) {
        const { event } = await notifications.unsubscribe(params);
        return { event };
      },
    }),
    route({
      ...open, ...asPage, method: 'POST', path: '/v1/unsubscribe/{token}/confirm', summary: 'The same by the button of the page, which a page answers, also where the link is not one of ours.', raw: {},
      async handle({ params }, headers) {
        const isOurs = await notifications.unsubscribe(params).then(() => true, notOurs);
        if (!isOurs) return page(headers, 'This link does not work', '<p>Nothing has changed. A part of the link may be missing: follow it from the mail itself, or choose in your notification settings which mails you get.</p>');
        return page(headers, 'You get no more mails like that one', '<p>You can choose anew at any time in your notification settings.</p>');
      },
    }),
  ];
}

/** A person reads a page, not a problem document. Every other failure is one all the same. */
function notOurs(error: unknown): false {
  if (error instanceof AppError && error.code === 'notification.token_invalid') return false;
  throw error;
}

const STYLE = `body{margin:0;padding:48px 16px;background:#f2f4f7;color:#16202c;font:16px/1.55 system-ui,sans-serif}
main{max-width:480px;margin:0 auto;padding:28px 32px;background:#fff;border:1px solid #e5e9ee;border-radius:12px}
b{font-size:14px;letter-spacing:.04em}h1{margin:20px 0 12px;font-size:22px;line-height:1.3}p{margin:0 0 20px}
button{padding:12px 22px;border:0;border-radius:8px;background:#16202c;color:#fff;font:inherit;font-weight:600;cursor:pointer}`;
/** The page may wear its own clothes and send its own form, and nothing else. */
const POLICY = `default-src 'none';style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}';form-action 'self';base-uri 'none';frame-ancestors 'none'`;

function page(headers: Headers, title: string, body: string): string {
  headers.header('Content-Security-Policy', POLICY);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>
<body><main><b>Pairwise</b><h1>${title}</h1>${body}</main></body></html>`;
}
