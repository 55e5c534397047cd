import { AppError } from '@libs/kernel/app-error';

export const marketNotFound = (id: string) => new AppError('not_found', 'bidding.market_not_found', 'There is no such market.', { id });
export const marketHalted = () => new AppError('conflict', 'bidding.market_halted', 'This market is halted. Cancels still work.');
export const marketRetired = () => new AppError('conflict', 'bidding.market_retired', 'This market takes no more quotes.');
export const selfMatch = () => new AppError('conflict', 'bidding.self_match', 'This price would match your own.');
export const quoteNotFound = (id: string) => new AppError('not_found', 'bidding.quote_not_found', 'There is no such quote.', { id });
export const alreadyMatched = () => new AppError('conflict', 'bidding.already_matched', 'This quote has matched already.');
export const stale = (version: number) => new AppError('conflict', 'bidding.stale', 'The quote has changed since you read it.', { version: String(version) });
export const notOpen = (status: string) => new AppError('conflict', 'bidding.not_open', 'This quote is no longer open.', { status });
export const tooManyQuotes = (limit: number) => new AppError('conflict', 'bidding.too_many_quotes', 'You have as many open quotes as one may have.', { limit: String(limit) });
export const exposureExceeded = (limit: number) => new AppError('conflict', 'bidding.exposure_exceeded', 'Your open bids would come to more than they may.', { limit: String(limit) });
export const userSuspended = () => new AppError('forbidden', 'bidding.user_suspended', 'This account may not trade at present.');
export const sellingSuspended = () => new AppError('forbidden', 'bidding.selling_suspended', 'This account may not sell at present: too many of its sales were not shipped.');
export const emailNotVerified = () => new AppError('conflict', 'bidding.email_not_verified', 'Verify your e-mail address before you trade: follow the link in the mail that you were sent.');

export const currencyMismatch = (currency: string) => new AppError('rejected', 'bidding.currency_mismatch', `This market trades in ${currency}.`, { currency });
export const priceTick = (tick: number) => new AppError('rejected', 'bidding.price_tick', 'The price must be a whole multiple of the tick.', { tick: String(tick) });
export const priceTooLow = (minimum: number) => new AppError('rejected', 'bidding.price_too_low', 'The price is below the minimum of this market.', { minimum: String(minimum) });
export const priceTooHigh = (maximum: number) => new AppError('rejected', 'bidding.price_too_high', 'The price is above the maximum of this market.', { maximum: String(maximum) });
export const expiryNotOffered = (offered: string) => new AppError('rejected', 'bidding.expiry_not_offered', `Choose one of these numbers of days: ${offered}.`, { offered });

export const paymentMethodRequired = () => new AppError('conflict', 'bidding.payment_method_required', 'A bid needs a verified card of yours.');
export const addressRequired = () => new AppError('conflict', 'bidding.address_required', 'A quote needs an address of yours.');
export const payoutAccountRequired = () => new AppError('conflict', 'bidding.payout_account_required', 'An ask needs a payout account that is enabled.');

export const priceMoved = (price: number) => new AppError('conflict', 'bidding.price_moved', 'The best price has moved.', { price: String(price) });
export const noQuotes = () => new AppError('conflict', 'bidding.no_quotes', 'Nobody is on the other side at present.');

export const matchNotFound = (id: string) => new AppError('not_found', 'bidding.match_not_found', 'There is no such match.', { id });
export const matchCompleted = () => new AppError('conflict', 'bidding.match_completed', 'This match is paid: it cannot fail for want of payment or stock.');
export const bustReasonUnknown = (reason: string) => new AppError('invalid', 'bidding.bust_reason_unknown', 'There is no such reason.', { reason });

export const keyMissing = () => new AppError('invalid', 'bidding.key_missing', 'An idempotency key of 1 to 255 characters is needed.');
export const keyReused = () => new AppError('rejected', 'bidding.key_reused', 'This idempotency key was used for another request.');
export const keyInFlight = () => new AppError('conflict', 'bidding.key_in_flight', 'A request with this idempotency key is being worked on.');
export const retry = () => new AppError('unavailable', 'bidding.retry', 'The outcome is not known yet. Send the same request again with the same key.');
export const busy = () => new AppError('unavailable', 'bidding.busy', 'Too much is queued at this moment. Send the same request again.');
export const deadlinePassed = () => new AppError('unavailable', 'bidding.deadline', 'The request was still queued when its time was up. Nothing was done.');
export const notOwned = () => new AppError('unavailable', 'bidding.not_owned', 'This market is being taken over. Send the same request again.');
