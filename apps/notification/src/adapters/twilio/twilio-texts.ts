import { Injectable } from '@nestjs/common';
import twilio, { RequestClient, type Twilio } from 'twilio';
import { type Sent, type TextMessage, TextProvider } from '../../application/ports';
import type { RequestOptions } from 'twilio/lib/base/RequestClient';
import { type Failure, meaningOf, reasonOf } from '../../domain/provider-answer';
import { NotificationConfig } from '../../notification.config';

const SANDBOX_ACCOUNT = `AC${'0'.repeat(32)}`;
const LISTED_MAX = 100;

/** The same requests, to the sandbox. */
class SandboxClient extends RequestClient {
  constructor(
    private readonly sandbox: string,
    options: ConstructorParameters<typeof RequestClient>[0],
  ) {
    super(options);
  }

  override request<T>(options: RequestOptions<T>) {
    const { pathname, search } = new URL(options.uri);
    return super.request<T>({ ...options, uri: `${this.sandbox}${pathname}${search}` });
  }
}

/** The official SDK; without an account it speaks to the sandbox. */
@Injectable()
export class TwilioTexts extends TextProvider {
  private readonly messages: Twilio['messages'];
  private readonly from: string;

  constructor({ values }: NotificationConfig) {
    super();
    const { TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token, TWILIO_FROM: from, SANDBOX_URL: sandbox, NOTIFICATION_TIMEOUT_MS: timeout } = values;
    this.from = from;
    const options = { timeout, autoRetry: false };
    const httpClient = account ? new RequestClient(options) : new SandboxClient(sandbox.replace(/\/$/, ''), options);
    // Named here and not first when a message goes out: the SDK loads this part when it is named, which would hold everybody up.
    this.messages = twilio(account ?? SANDBOX_ACCOUNT, token?.reveal() ?? 'sandbox', { httpClient }).messages;
  }

  override async send({ to, body }: TextMessage): Promise<Sent> {
    try {
      const { sid } = await this.messages.create({ to, body, from: this.from });
      return { outcome: 'sent', providerId: sid };
    } catch (error) {
      const failure = failureOf(error);
      return { outcome: meaningOf(failure), reason: reasonOf(failure) };
    }
  }

  override async sentSince({ to, body }: TextMessage, since: Date): Promise<readonly string[] | undefined> {
    try {
      const messages = await this.messages.list({ to, from: this.from, dateSentAfter: since, limit: LISTED_MAX });
      return messages.filter((message) => message.body === body).map(({ sid }) => sid);
    } catch {
      return undefined;
    }
  }
}

/** The SDK's exceptions carry the answer's status; the connection's have a code. */
function failureOf(error: unknown): Failure {
  const { status, code } = error as { status?: unknown; code?: unknown };
  if (typeof status === 'number') return { status };
  return typeof code === 'string' ? { code } : {};
}
