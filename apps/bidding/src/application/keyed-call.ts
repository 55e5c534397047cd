/** Who sends a command, under which key, and until when an answer is of use. */
export interface KeyedCall {
  readonly userId: string;
  readonly key: string;
  /** Of the command's name and all its fields. */
  readonly bodyHash: Uint8Array;
  /** Technical time, Unix milliseconds; infinite when the caller sets none. */
  readonly deadline: number;
  readonly traceparent: string | undefined;
}
