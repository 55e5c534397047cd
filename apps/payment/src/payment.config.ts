import { z } from 'zod';
import { configOf, secret } from '@libs/chassis/config';

const url = (base: string) => z.url({ protocol: /^https?$/ }).default(base);

export class PaymentConfig extends configOf(
  z.object({
    /** With a key of Stripe's the calls go to Stripe; without one to the sandbox. */
    STRIPE_SECRET_KEY: secret().optional(),
    SANDBOX_URL: url('http://127.0.0.1:8090'),
    /** Where the world finds the gateway: webhooks come in there. */
    PUBLIC_URL: url('http://127.0.0.1:8080'),
    DATA_DIR: z.string().default('.data'),
    /** The key that seals the webhook secrets in the database. Made once when there is none; `secrets/payment.key` in the data folder unless given. */
    PAYMENT_SECRETS_FILE: z.string().optional(),
    /** How long the provider may take for one answer before its outcome counts as unknown. */
    STRIPE_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).default(10_000),
    PAYMENT_RECONCILE_MS: z.coerce.number().int().min(1_000).default(15 * 60_000),
  }),
) {}

/** For the command `reconcile-now`, which has no chassis around it that would read the environment. */
export class ReconcileNowConfig extends configOf(z.object({ PAYMENT_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) })) {
  static read(): ReconcileNowConfig {
    return new ReconcileNowConfig(process.env);
  }
}
