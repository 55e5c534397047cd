import Stripe from 'stripe';
import type { Reply } from '../../application/provider';

type Failure = Exclude<Reply<never>, { reply: 'done' }>;

/** What an SDK error says about the call. Whatever does not say for certain that nothing has happened is unknown. */
export function replyOfError(error: unknown): Failure {
  const { errors } = Stripe;
  if (!(error instanceof errors.StripeError)) throw error;
  const code = error.code ?? error.type;
  if (error instanceof errors.StripeCardError) {
    const reason = error.decline_code ?? code;
    const because = code === 'authentication_required' || reason === 'authentication_required' ? 'authentication_required' : 'declined';
    return { reply: 'refused', code: reason, because, ...(error.charge ? { chargeId: error.charge } : {}) };
  }
  if (error instanceof errors.StripeConnectionError) return { reply: 'unknown', code: 'no_answer', isFinal: false };
  if (error.statusCode === 429) return { reply: 'not_taken', code: 'rate_limited' };
  if (error.statusCode === 401 || error.statusCode === 403) return { reply: 'not_taken', code };
  if (error.statusCode === 409) return { reply: 'unknown', code: 'in_use', isFinal: false };
  if (error.statusCode === undefined || error.statusCode >= 500) return { reply: 'unknown', code: `provider_${error.statusCode ?? 'error'}`, isFinal: wasReplayed(error) };
  return { reply: 'refused', code, because: code === 'payment_intent_unexpected_state' ? 'wrong_state' : 'invalid' };
}

/** The provider keeps the first answer to a key, failures of its own among them, and says so when it repeats it. */
function wasReplayed(error: { headers?: Record<string, string> }): boolean {
  return error.headers?.['idempotent-replayed'] === 'true';
}
