import { AppError } from '@libs/kernel/app-error';

export const cursorInvalid = () => new AppError('invalid', 'search.cursor_invalid', 'This cursor is not one of ours, or of another search: begin anew.', { field: 'cursor' });
export const valueUnknown = (field: string) => new AppError('invalid', 'search.value_unknown', 'There is no such choice.', { field });
export const rangeInvalid = (from: string, to: string) => new AppError('rejected', 'search.range_invalid', 'A range ends where it begins, or after that.', { from, to });
export const tooManySaved = (limit: number) => new AppError('conflict', 'search.too_many_saved', `One may keep ${limit} searches.`, { limit: String(limit) });
export const savedNotFound = (id: string) => new AppError('not_found', 'search.saved_not_found', 'You have no such saved search.', { id });
export const rebuildNotDone = (seconds: number) => new AppError('unavailable', 'search.rebuild_not_done', `The rebuild has not ended in ${seconds} s. It goes on while the service runs.`);
export const indexUnavailable = (cause: string) => new AppError('unavailable', 'search.index_unavailable', 'The search engine cannot be reached at the moment.', { cause });
