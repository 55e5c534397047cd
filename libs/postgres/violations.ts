/** Whether a statement was refused by this unique, check, exclusion or foreign key constraint. It has spoiled its transaction. */
export function violates(error: unknown, constraint: string): boolean {
  return typeof error === 'object' && error !== null && 'constraint' in error && error.constraint === constraint;
}
