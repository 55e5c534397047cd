import { AppError, type ErrorCode } from '@libs/kernel/app-error';

/** For a list that answers nothing where one thing was asked for: what is another's does not exist either. */
export function notFound(code: ErrorCode, message: string): never {
  throw new AppError('not_found', code, message);
}
