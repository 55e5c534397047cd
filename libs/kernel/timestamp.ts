/** What a contract's timestamp message holds: `int64` is a bigint in generated code. */
export interface TimestampMessage {
  readonly seconds: bigint;
  readonly nanos: number;
}

export function timestampOf(at: Date): TimestampMessage {
  const ms = at.getTime();
  const seconds = Math.floor(ms / 1_000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1_000) * 1_000_000 };
}
