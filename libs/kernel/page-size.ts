export const PAGE_DEFAULT = 20;
export const PAGE_MAX = 100;

/** The size of a page of any list, as it was asked for and within what is served; 0 asks for the usual one. */
export function pageSize(limit: number): number {
  return Math.min(PAGE_MAX, limit > 0 ? limit : PAGE_DEFAULT);
}
