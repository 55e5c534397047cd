import type { Done } from '../../domain/batch';

/** The answer of a keyed command as `command_answers` keeps it: the facts of that moment, as they are. */
export function answerText(done: Done): string {
  return JSON.stringify(done);
}

/** Of a quote that was answered before versions were counted none is known: 0 is that of no quote. */
export function answerOf(text: string): Done {
  const { quote, ...done } = JSON.parse(text) as Done; // Written by `answerText` alone.
  return quote ? { ...done, quote: { ...quote, version: quote.version ?? 0 } } : done;
}
