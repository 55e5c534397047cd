import { Injectable } from '@nestjs/common';
import { Sql } from '@libs/postgres/sql';
import { type Wanted, wantedOf } from '../../domain/query';
import { synonyms } from '../../domain/synonyms';
import { distance, isLiteral, typosIn, wordsOf } from '../../domain/words';
import type { Lookup } from './found-rows';

const SPELLINGS_MAX = 5;
const CANDIDATES_MAX = 200;

/** The words that are most alike by their trigrams; which of them are meant is decided by counting letters, since two swapped ones leave a short word hardly a trigram. */
const CANDIDATES = `select word from vocabulary where edition = (select live from editions) and length(word) between length($1) - $2 and length($1) + $2
  order by similarity(word, $1) desc, word limit ${CANDIDATES_MAX}`;
/** The last word of somebody who is still writing is compared with beginnings. */
const BEGINNINGS = `select word from (select distinct left(word, length($1)) as word from vocabulary where edition = (select live from editions) and length(word) > length($1) - $2) v
  order by similarity(word, $1) desc, word limit ${CANDIDATES_MAX}`;
const KNOWN = `select exists (select from vocabulary where edition = (select live from editions) and word ^@ $1) as known`;

/** Words to `tsquery`. A word stands for its synonyms; a word of letters for every word that begins with it. */
@Injectable()
export class Lookups {
  constructor(private readonly sql: Sql) {}

  plain(text: string, isWriting = false): Lookup {
    const wanted = wantedOf(text);
    return lookupOf(wanted, wanted.words.map((word, i) => termOf(word, isWriting && i === wanted.words.length - 1)));
  }

  /** With the likely spellings of the words that no document has; undefined when there is nothing to correct. */
  async corrected(text: string, isWriting = false): Promise<Lookup | undefined> {
    const wanted = wantedOf(text);
    let isCorrected = false;
    const terms: string[] = [];
    for (const [i, word] of wanted.words.entries()) {
      const isOpen = isWriting && i === wanted.words.length - 1;
      const meant = await this.meant(word, isOpen);
      isCorrected ||= meant.length > 0;
      terms.push(anyOf([termOf(word, isOpen), ...meant.map((spelling) => (isOpen ? `'${spelling}':*` : `'${spelling}'`))]));
    }
    return isCorrected ? lookupOf(wanted, terms) : undefined;
  }

  private async meant(word: string, isOpen: boolean): Promise<string[]> {
    const typos = typosIn(word);
    if (typos === 0) return [];
    const [row] = await this.sql.query<{ known: boolean }>(KNOWN, [word]);
    if (row?.known) return [];
    const rows = await this.sql.query<{ word: string }>(isOpen ? BEGINNINGS : CANDIDATES, [word, typos]);
    return rows
      .map((candidate) => ({ word: candidate.word, away: distance(word, candidate.word, typos) }))
      .filter(({ away, word: candidate }) => away <= typos && !isLiteral(candidate))
      .sort((a, b) => a.away - b.away || (a.word < b.word ? -1 : 1))
      .slice(0, SPELLINGS_MAX)
      .map((candidate) => candidate.word);
  }
}

function lookupOf({ words, brandKeys, styleKeys }: Wanted, terms: readonly string[]): Lookup {
  if (words.length === 0) return { brandKeys: [], styleKeys: [] };
  return { all: terms.join(' & '), exact: words.map((word) => `'${word}'`).join(' | '), brandKeys, styleKeys };
}

/** Words hold letters and digits alone, so they need no escaping. */
function termOf(word: string, isOpen: boolean): string {
  const begins = isOpen || !isLiteral(word);
  const phrases = (synonyms.get(word) ?? []).map((phrase) => wordsOf(phrase).map((part) => `'${part}'`).join(' & '));
  return anyOf([begins ? `'${word}':*` : `'${word}'`, ...phrases]);
}

function anyOf(terms: readonly string[]): string {
  return terms.length === 1 ? (terms[0] ?? '') : `(${terms.map((term) => `(${term})`).join(' | ')})`;
}
