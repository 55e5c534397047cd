/** The five-character code of a failure that the server itself reported. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as Error) ? code : undefined;
}

/** Whether the connection is gone, was never there, or the server is going away: 08 connection, 53300 too many, 57P shutdown. */
export function lost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const state = sqlState(error);
  if (state) return state.startsWith('08') || state.startsWith('57P') || state === '53300' || state === '25P03';
  return (
    'errno' in error ||
    /connection terminated|connection ended|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|client was closed|timeout expired/i.test(error.message)
  );
}

/** Serialization failure, deadlock, lock time-out: nothing was kept, and another try may succeed. */
export function worthAnotherTry(error: unknown): boolean {
  const state = sqlState(error);
  return state === '40001' || state === '40P01' || state === '55P03';
}
