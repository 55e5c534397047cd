import type { CardError } from './resources';

export interface RefusalBody {
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'api_error' | 'card_error';
  readonly message: string;
  readonly code?: string;
  readonly param?: string;
  readonly [extra: string]: unknown;
}

/** A refusal in the provider's words. What was changed before it is undone. */
export class Refusal extends Error {
  override name = 'Refusal';

  constructor(
    readonly status: number,
    readonly body: RefusalBody,
  ) {
    super(body.message);
  }
}

export function badRequest(message: string, rest: Partial<RefusalBody> = {}): Refusal {
  return new Refusal(400, { type: 'invalid_request_error', message, ...rest });
}

export function missingResource(name: string, id: string, param: string): Refusal {
  return new Refusal(404, { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${name}: '${id}'`, param });
}

export function unknownParameter(param: string): Refusal {
  return badRequest(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
}

export function insufficientBalance(message: string): Refusal {
  return badRequest(message, { code: 'balance_insufficient' });
}

/** A card's refusal. It is an answer, not an exception: the failed charge and the intent's new state are kept. */
export interface Declined {
  readonly error: CardError;
}
