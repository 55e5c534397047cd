import { z } from 'zod';
import { configOf, secret } from '@libs/chassis/config';

const url = (base: string) => z.url({ protocol: /^https?$/ }).default(base);

export class NotificationConfig extends configOf(
  z
    .object({
      /** With a key of SendGrid's the mails go to SendGrid; without one to the sandbox. */
      SENDGRID_API_KEY: secret().optional(),
      MAIL_FROM: z.email().default('hello@pairwise.example'),
      /** With an account at Twilio the text messages go to Twilio; without one to the sandbox. */
      TWILIO_ACCOUNT_SID: z.string().regex(/^AC[0-9a-f]{32}$/).optional(),
      TWILIO_AUTH_TOKEN: secret().optional(),
      TWILIO_FROM: z.string().regex(/^\+[1-9]\d{6,14}$/).default('+15005550006'),
      SANDBOX_URL: url('http://127.0.0.1:8090'),
      /** Where the links in messages lead. */
      PUBLIC_URL: url('http://127.0.0.1:8080'),
      DATA_DIR: z.string().default('.data'),
      /** The key that seals addresses and secrets on their way. Made once when there is none; `secrets/notification.key` in the data folder unless given. */
      NOTIFICATION_SECRETS_FILE: z.string().optional(),
      /** How long a provider may take for one answer before the outcome counts as unknown. */
      NOTIFICATION_TIMEOUT_MS: z.coerce.number().int().min(100).max(30_000).default(10_000),
      /** How long a message of unknown fate is looked for at its provider. */
      NOTIFICATION_UNKNOWN_MS: z.coerce.number().int().min(100).default(15 * 60_000),
      /** The first wait after a refusal that may pass; it doubles. */
      NOTIFICATION_BACKOFF_MS: z.coerce.number().int().min(1).max(60_000).default(1_000),
      /** How many messages are under way at once. */
      NOTIFICATION_AT_ONCE: z.coerce.number().int().min(1).max(200).default(16),
    })
    .refine(({ TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: token }) => (account === undefined) === (token === undefined), { path: ['TWILIO_AUTH_TOKEN'], message: 'goes with TWILIO_ACCOUNT_SID' }),
) {}

/** Of the command that tends the messages that were given up. */
export class ParkedCommandConfig extends configOf(z.object({ NOTIFICATION_DATABASE_URL: z.string().min(1) })) {
  static read(): ParkedCommandConfig {
    return new ParkedCommandConfig(process.env);
  }
}
