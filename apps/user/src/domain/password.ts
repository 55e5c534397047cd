import { commonWords } from './common-words';

export type Weakness = 'too_short' | 'too_long' | 'common' | 'personal';

const CHARACTERS_MIN = 8;
const CHARACTERS_MAX = 256;
/** Fewer characters beside a row of keys do not make a password of one's own. */
const OWN_CHARACTERS_MIN = 4;
/** More digits and signs than this around a common word are taken for chosen, not for decoration. */
const DECORATION_MAX = 6;
const NAME_CHARACTERS_MIN = 4;
const KEYBOARD = ['1234567890', '0987654321', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'azertyuiop', 'qazwsxedcrfvtgbyhnujmikolp', '1qaz2wsx3edc4rfv5tgb', '1q2w3e4r5t6y7u8i9o0p', 'abcdefghijklmnopqrstuvwxyz'];
const LEET: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', $: 's', '!': 'i', '|': 'l', '+': 't' };

/** The form in which passwords are compared: the same letters are the same password, however a keyboard composed them. */
export function normalizePassword(password: string): string {
  return password.normalize('NFKC');
}

/** Why a password is refused, or undefined. Any character is welcome, and no mixture is demanded; length and being uncommon are what protects. */
export function weaknessOf(password: string, email: string): Weakness | undefined {
  const characters = [...password].length;
  if (characters < CHARACTERS_MIN) return 'too_short';
  if (characters > CHARACTERS_MAX) return 'too_long';
  const lower = password.toLowerCase();
  if (isPersonal(lower, email)) return 'personal';
  return isCommon(lower) ? 'common' : undefined;
}

function isPersonal(lower: string, email: string): boolean {
  const name = email.slice(0, email.lastIndexOf('@'));
  return lower === email || lower === name || (name.length >= NAME_CHARACTERS_MIN && lettersOf(lower) === lettersOf(name));
}

/** The list of common passwords is kept as their words: `Dragon2024!`, `p@ssw0rd` and `123sunshine` are each a word with the usual decoration. */
function isCommon(lower: string): boolean {
  if (isRepetition(lower) || isRow(lower)) return true;
  const plain = [lower, unleet(lower)].flatMap((text) => [text, undecorated(text), lettersOf(text)]);
  return plain.some((text) => lower.length - text.length <= DECORATION_MAX && (commonWords.has(text) || isPairOfWords(text)));
}

/** `abcabcabc`, `11111111`: one short piece again and again. */
function isRepetition(text: string): boolean {
  return /^(.{1,4}?)\1+.{0,3}$/u.test(text) || new Set(text).size <= 2;
}

/** `12345678`, `qwertyuiop`, `abcdefgh12345678`: runs along the keyboard or the alphabet and little else. */
function isRow(text: string): boolean {
  let covered = 0;
  for (let at = 0; at < text.length; ) {
    const run = longestRun(text.slice(at));
    covered += run >= 4 ? run : 0;
    at += Math.max(run, 1);
  }
  return text.length - covered < OWN_CHARACTERS_MIN;
}

function longestRun(text: string): number {
  const backwards = KEYBOARD.map((row) => [...row].reverse().join(''));
  for (let length = text.length; length >= 4; length--) if ([...KEYBOARD, ...backwards].some((row) => row.includes(text.slice(0, length)))) return length;
  return 0;
}

/** `iloveyou`, `monkeydragon`: two common words in a row are still among the first tries. */
function isPairOfWords(text: string): boolean {
  for (let at = 3; at <= text.length - 3; at++) if (commonWords.has(text.slice(0, at)) && commonWords.has(text.slice(at))) return true;
  return false;
}

function undecorated(text: string): string {
  return text.replace(/^[^\p{Letter}]+|[^\p{Letter}]+$/gu, '');
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{Letter}]/gu, '');
}

function unleet(text: string): string {
  return [...undecoratedEnd(text)].map((character) => LEET[character] ?? character).join('');
}

/** Digits at the end are decoration more often than letters in disguise. */
function undecoratedEnd(text: string): string {
  return text.replace(/[\d!?.#*_-]+$/u, '');
}
