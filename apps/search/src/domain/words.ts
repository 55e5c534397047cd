/** How texts become words: the same for what is indexed and for what is asked, whatever the form of the index. */

const WORD = /[\p{Letter}\p{Number}]+/gu;
const WORD_MAX = 40;
const DIGIT = /\p{Number}/u;

/** Lower case, without accents. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{Mark}/gu, '').toLowerCase();
}

export function wordsOf(text: string): string[] {
  return (fold(text).match(WORD) ?? []).map((word) => word.slice(0, WORD_MAX));
}

/** A text as one comparable key: its words with one blank between them. */
export function keyOf(text: string): string {
  return wordsOf(text).join(' ');
}

/** A style id as one comparable key, however it is punctuated: `DD1391-100` is `dd1391100`. */
export function styleKeyOf(text: string): string {
  return wordsOf(text).join('');
}

/** Numbers and style ids mean what they say: Jordan 4 is neither Jordan 40 nor Jordan 5. */
export function isLiteral(word: string): boolean {
  return DIGIT.test(word);
}

/** The least length from which a word may hold a mistake, and from which it may hold two. */
export const TYPO_FROM = 4;
const TWO_TYPOS_FROM = 6;

export function typosIn(word: string): number {
  if (isLiteral(word) || word.length < TYPO_FROM) return 0;
  return word.length < TWO_TYPOS_FROM ? 1 : 2;
}

/** How many letters to change, leave out, add or swap with their neighbour to make `b` of `a`; at most `limit + 1`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return Math.min(last[b.length] ?? 0, limit + 1);
}
