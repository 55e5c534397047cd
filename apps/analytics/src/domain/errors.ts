import { AppError } from '@libs/kernel/app-error';

export const marketNotFound = (id: string) => new AppError('not_found', 'analytics.market_not_found', 'There is no such market.', { id });
export const productNotFound = (id: string) => new AppError('not_found', 'analytics.product_not_found', 'There is no such product.', { id });
export const brandNotFound = () => new AppError('not_found', 'analytics.brand_not_found', 'There is no such brand.');
export const watchlistNotFound = (id: string) => new AppError('not_found', 'analytics.watchlist_not_found', 'There is no such watch list.', { id });
export const alertNotFound = (id: string) => new AppError('not_found', 'analytics.alert_not_found', 'There is no such price alert.', { id });
export const itemNotFound = (id: string) => new AppError('not_found', 'analytics.item_not_found', 'There is no such item in the portfolio.', { id });
export const valueUnknown = (field: string) => new AppError('rejected', 'analytics.value_unknown', 'There is no such choice.', { field });
export const cursorInvalid = () => new AppError('invalid', 'analytics.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
export const rangeInvalid = () => new AppError('rejected', 'analytics.range_invalid', 'A range ends after it begins.', { field: 'to' });
export const rangeTooWide = (max: number) => new AppError('rejected', 'analytics.range_too_wide', `A range has at most ${max} buckets: take a wider interval.`, { max: String(max) });
export const currencyWrong = (currency: string) => new AppError('rejected', 'analytics.currency_wrong', 'The market has another currency.', { currency });
export const tooMany = (what: string, max: number) => new AppError('conflict', 'analytics.too_many', `There can be at most ${max} of these.`, { what, max: String(max) });
export const csvInvalid = (why: string) => new AppError('rejected', 'analytics.csv_invalid', 'This is not a portfolio as we read it.', { why });
export const keyReused = () => new AppError('rejected', 'analytics.key_reused', 'This key was used with another text.');
export const inFuture = () => new AppError('rejected', 'analytics.in_future', 'This has not happened yet.', { field: 'acquiredAt' });
