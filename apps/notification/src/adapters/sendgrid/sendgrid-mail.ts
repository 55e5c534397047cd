import { Injectable } from '@nestjs/common';
import { Client } from '@sendgrid/client';
import sendgrid from '@sendgrid/mail';
import type { ClientRequest } from '@sendgrid/client/src/request';
import { type Found, type Mail, MailProvider, type Sent } from '../../application/ports';
import { type Failure, meaningOf, reasonOf } from '../../domain/provider-answer';
import { NotificationConfig } from '../../notification.config';

/** The argument of ours under which a mail is found again. */
const OUR_ID = 'nid';
/** The sandbox takes any key of the right form. */
const SANDBOX_KEY = 'SG.sandbox';

/** The official SDK; without a key it speaks to the sandbox. */
@Injectable()
export class SendgridMail extends MailProvider {
  private readonly client = new Client();
  private readonly from: string;

  constructor({ values }: NotificationConfig) {
    super();
    const { SENDGRID_API_KEY: key, SANDBOX_URL: sandbox, MAIL_FROM: from, NOTIFICATION_TIMEOUT_MS: timeout } = values;
    this.from = from;
    this.client.setApiKey(key?.reveal() ?? SANDBOX_KEY);
    // A proxy of the machine's is for the world outside. The SDK hands it on to its HTTP client, whose options its types do not know.
    if (!key) this.client.setDefaultRequest({ baseUrl: `${sandbox.replace(/\/$/, '')}/`, proxy: false } as unknown as ClientRequest);
    sendgrid.setClient(this.client);
    sendgrid.setTimeout(timeout);
  }

  override async send({ id, to, subject, html, text, unsubscribeUrl }: Mail): Promise<Sent> {
    const headers: Record<string, string> = unsubscribeUrl ? { 'List-Unsubscribe': `<${unsubscribeUrl}>`, 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click' } : {};
    try {
      const [answer] = await sendgrid.send({ to, from: { email: this.from, name: 'Pairwise' }, subject, html, text, headers, customArgs: { [OUR_ID]: id }, trackingSettings: quiet });
      return { outcome: 'sent', providerId: headerOf(answer.headers, 'x-message-id') ?? id };
    } catch (error) {
      const failure = failureOf(error);
      return { outcome: meaningOf(failure), reason: reasonOf(failure) };
    }
  }

  /** The provider's activity feed. An account without it answers 403: then nobody can tell. */
  override async find(id: string): Promise<Found> {
    try {
      const [, body] = await this.client.request({ method: 'GET', url: '/v3/messages', qs: { limit: 1, query: `(unique_args['${OUR_ID}']="${id}")` } });
      const [found] = (body as { messages?: { msg_id: string }[] }).messages ?? []; // As its documentation has it.
      return found ? { found: 'yes', providerId: found.msg_id } : { found: 'no' };
    } catch (error) {
      return { found: 'cannot_tell', reason: reasonOf(failureOf(error)) };
    }
  }
}

/** Links lead where they say, and nobody is watched while reading. */
const quiet = { clickTracking: { enable: false, enableText: false }, openTracking: { enable: false } };

/** The SDK puts the status of an answer, or the connection's code, in one field. */
function failureOf(error: unknown): Failure {
  const { code } = error as { code?: number | string };
  if (typeof code === 'number') return { status: code };
  return code === undefined ? {} : { code };
}

function headerOf(headers: unknown, name: string): string | undefined {
  const value = (headers as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' ? value : undefined;
}
