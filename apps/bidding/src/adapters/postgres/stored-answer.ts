import type { Done } from '../../domain/batch';

/** The answer of a keyed command as `command_answers` keeps it: the facts of that moment, as they are. */
export function answerText(done: Done): string {
  return JSON.stringify(done);
}

export function answerOf(text: string): Done {
  return JSON.parse(text) as Done; // Written by `answerText` alone.
}
