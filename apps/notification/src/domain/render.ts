import { frame, type Words } from './words';

export interface Place {
  readonly publicUrl: string;
  readonly firstName: string;
  /** Absent in mails that nobody can switch off. */
  readonly unsubscribeUrl?: string | undefined;
}

export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

export function renderMail(words: Words, place: Place): RenderedMail {
  return { subject: words.subject, html: html(words, place), text: text(words, place) };
}

/** A text message: its own words, or the subject where there are none. */
export function renderSms({ sms, subject }: Words): string {
  return sms ?? `${frame.name}: ${subject}`;
}

export function renderInbox({ subject, lines, action }: Words): { title: string; text: string; link: string } {
  return { title: subject, text: lines.join(' '), link: action?.path ?? '' };
}

function text({ lines, rows = [], action }: Words, { publicUrl, firstName, unsubscribeUrl }: Place): string {
  const parts = [
    frame.greeting(firstName),
    ...lines,
    ...(rows.length > 0 ? [rows.map(([label, value]) => `${label}: ${value}`).join('\n')] : []),
    ...(action ? [`${action.label}:\n${publicUrl}${action.path}`] : []),
    [`-- \n${frame.why}`, `${frame.choose}: ${publicUrl}/notifications`, ...(unsubscribeUrl ? [`${frame.unsubscribe}: ${unsubscribeUrl}`] : [])].join('\n'),
  ];
  return `${parts.join('\n\n')}\n`;
}

const ink = '#16202c';
const quiet = '#5f6b7a';
/** A tracking number is one long word: it breaks rather than make a phone scroll sideways. Columns of a fixed width leave shorter words whole. */
const narrow = 'overflow-wrap:anywhere;word-break:break-word';
const LABELS_WIDE = '42%';
const font = '-apple-system,BlinkMacSystemFont,\'Segoe UI\',Roboto,Helvetica,Arial,sans-serif';

function html({ subject, lines, rows = [], action }: Words, { publicUrl, firstName, unsubscribeUrl }: Place): string {
  const paragraph = (line: string) => `<p style="margin:0 0 14px;font-size:16px;line-height:1.55">${escape(line)}</p>`;
  const row = ([label, value]: readonly [string, string]) =>
    `<tr><td style="padding:7px 10px 7px 0;width:${LABELS_WIDE};color:${quiet};vertical-align:top">${escape(label)}</td><td style="padding:7px 0;font-weight:600;${narrow}">${escape(value)}</td></tr>`;
  const table = rows.length === 0 ? '' : `<table role="presentation" cellspacing="0" style="margin:6px 0 20px;font-size:15px;border-top:1px solid #e5e9ee;border-bottom:1px solid #e5e9ee;width:100%;table-layout:fixed">${rows.map(row).join('')}</table>`;
  const button = action ? `<p style="margin:8px 0 4px"><a href="${escape(publicUrl + action.path)}" style="display:inline-block;background:${ink};color:#ffffff;text-decoration:none;font-weight:600;font-size:15px;padding:12px 22px;border-radius:8px">${escape(action.label)}</a></p>` : '';
  const footLink = (url: string, label: string) => `<br><a href="${escape(url)}" style="color:${quiet}">${escape(label)}</a>`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(subject)}</title></head>
<body style="margin:0;padding:24px 12px;background:#f2f4f7;color:${ink};font-family:${font}">
<div style="display:none;max-height:0;overflow:hidden">${escape(lines[0] ?? '')}</div>
<div style="max-width:560px;margin:0 auto;background:#ffffff;border:1px solid #e5e9ee;border-radius:12px;padding:28px 24px">
<p style="margin:0 0 22px;font-size:14px;font-weight:700;letter-spacing:.04em">${frame.name}</p>
<h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">${escape(subject)}</h1>
${paragraph(frame.greeting(firstName))}${lines.map(paragraph).join('')}${table}${button}
</div>
<p style="max-width:560px;margin:16px auto 0;font-size:12px;line-height:1.6;color:${quiet};text-align:center">${escape(frame.why)}${footLink(`${publicUrl}/notifications`, frame.choose)}${unsubscribeUrl ? footLink(unsubscribeUrl, frame.unsubscribe) : ''}</p>
</body></html>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
