import { AppError } from '@libs/kernel/app-error';

/** Every refusal that this service can give. */
export const productNotFound = (id: string) => new AppError('not_found', 'product.not_found', 'There is no such product.', { productId: id });
export const marketNotFound = (id: string) => new AppError('not_found', 'product.market_not_found', 'There is no such market.', { marketId: id });
export const styleIdTaken = (styleId: string) => new AppError('conflict', 'product.style_id_taken', 'A product with this style id exists already.', { styleId });
export const stale = (version: number) =>
  new AppError('conflict', 'product.stale', 'The product has changed since you read it.', { version: String(version) });
export const retired = (id: string) => new AppError('conflict', 'product.retired', 'The product is retired.', { productId: id });
export const invalidProduct = (field: string, message: string) => new AppError('rejected', 'product.invalid', message, { field });
export const tooMany = (max: number) => new AppError('invalid', 'product.too_many', `At most ${max} at once.`, { max: String(max) });
export const cursorInvalid = () => new AppError('invalid', 'product.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
export const sizeUnknown = (size: string) => new AppError('rejected', 'product.size_unknown', 'The product has no such size.', { size });
export const currencyFixed = (currency: string) =>
  new AppError('rejected', 'product.currency_fixed', 'A product keeps the currency that it was created with.', { currency });
export const reservationReleased = (orderId: string) =>
  new AppError('conflict', 'product.reservation_released', 'The reservation of this order has been released; it cannot come back.', { orderId });
export const askReserved = (askId: string) => new AppError('conflict', 'product.ask_reserved', 'Another order holds this ask.', { askId });
export const reservationDiffers = (orderId: string) =>
  new AppError('conflict', 'product.reservation_differs', 'This order holds another ask already.', { orderId });
