import { Injectable } from '@nestjs/common';
import Stripe from 'stripe';
import type { Reply } from '../../application/provider';
import { PaymentConfig } from '../../payment.config';
import { replyOfError } from './stripe-errors';

const SANDBOX_KEY = 'sk_test_sandbox';

/** The vendor's own SDK. Its retries are off: only our operations know when a call may be made again. */
@Injectable()
export class StripeClient {
  readonly sdk: Stripe.Stripe;

  constructor({ values }: PaymentConfig) {
    const { STRIPE_SECRET_KEY: key, SANDBOX_URL, STRIPE_TIMEOUT_MS: timeout } = values;
    const options: Stripe.StripeConfig = { maxNetworkRetries: 0, telemetry: false, timeout };
    this.sdk = new Stripe(key?.reveal() ?? SANDBOX_KEY, key ? options : { ...options, ...hostOf(SANDBOX_URL) });
  }

  /** Every answer and every failure as a value: an unknown outcome is not an exception. */
  async call<T>(work: (sdk: Stripe.Stripe) => Promise<T>): Promise<Reply<T>> {
    try {
      return { reply: 'done', value: await work(this.sdk) };
    } catch (error) {
      return replyOfError(error);
    }
  }
}

function hostOf(url: string): { host: string; port: string; protocol: 'http' | 'https' } {
  const { hostname, port, protocol } = new URL(url);
  const isPlain = protocol === 'http:';
  return { host: hostname, port: port || (isPlain ? '80' : '443'), protocol: isPlain ? 'http' : 'https' };
}
