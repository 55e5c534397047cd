import type { Verdict } from './check-all';

const SHOWN_MAX = 5;

/** One rule as the operator reads it, with what of it was not looked at. */
export function lineOf({ invariant: { id, says }, offenders, unseen }: Verdict): string {
  const note = unseen ? `            not checked: ${unseen}\n` : '';
  if (offenders.length === 0) return `${unseen ? '-     ' : 'ok    '} ${id.padEnd(4)} ${says}\n${note}`;
  const shown = offenders.slice(0, SHOWN_MAX).map((offender) => `            ${offender}\n`).join('');
  const more = offenders.length > SHOWN_MAX ? `            and ${offenders.length - SHOWN_MAX} more\n` : '';
  return `BROKEN ${id.padEnd(4)} ${says}\n${shown}${more}${note}`;
}

/** Nothing that was not looked at is said to hold. */
export function conclusionOf(verdicts: readonly Verdict[]): string {
  const broken = verdicts.filter(({ offenders }) => offenders.length > 0).length;
  const unseen = verdicts.filter((verdict) => verdict.unseen && verdict.offenders.length === 0).map(({ invariant }) => invariant.id);
  const rest = unseen.length > 0 ? ` Not or not wholly checked: ${unseen.join(', ')}.` : '';
  return (broken === 0 ? `All ${verdicts.length - unseen.length} ${unseen.length > 0 ? 'other ' : ''}invariants hold.` : `${broken} of ${verdicts.length} invariants are broken.`) + rest;
}
