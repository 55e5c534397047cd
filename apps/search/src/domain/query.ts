import { emptyWords } from './synonyms';
import { wordsOf } from './words';

const WORDS_MAX = 12;
/** A brand or style id has at most so many words. */
const RUN_MAX = 6;

/** What somebody wrote, taken apart. */
export interface Wanted {
  /** Each has to be found. */
  readonly words: readonly string[];
  /** Every run of words, as a brand might be written. */
  readonly brandKeys: readonly string[];
  /** Every run of words, as a style id might be. */
  readonly styleKeys: readonly string[];
}

/** Something was asked for, and it holds no letter and no digit: no product is meant by it. */
export function meansNothing(text: string): boolean {
  return text.trim() !== '' && wordsOf(text).length === 0;
}

export function wantedOf(text: string): Wanted {
  const all = wordsOf(text).slice(0, WORDS_MAX);
  const telling = all.filter((word) => !emptyWords.has(word));
  const runs = runsOf(all);
  return {
    // A question of nothing but empty words is a question for these.
    words: [...new Set(telling.length > 0 ? telling : all)],
    brandKeys: [...new Set(runs.map((run) => run.join(' ')))],
    styleKeys: [...new Set(runs.map((run) => run.join('')))],
  };
}

function runsOf(words: readonly string[]): string[][] {
  return words.flatMap((_, from) => Array.from({ length: Math.min(RUN_MAX, words.length - from) }, (_one, more) => words.slice(from, from + more + 1)));
}
