import { distance, keyOf, typosIn } from './words';

/** Brands are few: those that begin like the text, else those that would with a letter or two changed. */
export function brandsLike<B extends { readonly value: string }>(text: string, brands: readonly B[]): B[] {
  const key = keyOf(text);
  const begin = brands.filter(({ value }) => keyOf(value).startsWith(key));
  if (begin.length > 0) return begin;
  const typos = typosIn(key);
  return typos === 0 ? [] : brands.filter(({ value }) => distance(key, keyOf(value).slice(0, key.length), typos) <= typos);
}
