import type { ServiceError } from '@grpc/grpc-js';
import type { EventEmitter } from 'node:events';
import { AppError } from '@libs/kernel/app-error';
import { Observable, Subscription } from 'rxjs';
import type { Received } from './codec';

/** Messages that may wait for a reader who is slower than its stream; then the stream ends rather than grow. */
const WAITING_MAX = 10_000;

interface Readable extends EventEmitter {
  pause(): unknown;
}

interface Writable extends EventEmitter {
  write(message: object): boolean;
}

/** What arrives on a call. It waits in the call's own bounded buffer until somebody subscribes, so that nothing is lost while a guard thinks. */
export function messagesOf(call: Readable, toError: (error: ServiceError) => Error): Observable<object> {
  return new Observable((subscriber) => {
    const onData = (message: Received) => (message instanceof AppError ? subscriber.error(message) : subscriber.next(message));
    const onEnd = () => subscriber.complete();
    const onError = (error: ServiceError) => subscriber.error(toError(error));
    call.on('error', onError).on('end', onEnd).on('cancelled', onEnd).on('data', onData);
    return () => {
      call.off('data', onData).off('end', onEnd).off('cancelled', onEnd);
      call.pause();
    };
  });
}

export interface Written {
  complete(): void;
  error(error: unknown): void;
}

/** Writes a stream to a call at the reader's pace. */
export function writeTo(call: Writable, messages: Observable<object>, written: Written): Subscription {
  const waiting: object[] = [];
  let isFull = false;
  let end: (() => void) | undefined;
  const drain = () => {
    isFull = false;
    while (!isFull) {
      const message = waiting.shift();
      if (!message) break;
      isFull = !call.write(message);
    }
    if (waiting.length === 0) end?.();
  };
  call.on('drain', drain);
  // Outlives the source, whose last messages may still wait when it has completed.
  const writing = new Subscription(() => call.off('drain', drain));
  const finish = (how: () => void) => {
    end = () => {
      writing.unsubscribe();
      how();
    };
    if (waiting.length === 0) end();
  };
  const fall = () => {
    waiting.length = 0;
    finish(() => written.error(new AppError('unavailable', 'rpc.reader_too_slow', 'The reader of this stream is too slow.')));
  };
  const next = (message: object) => {
    if (!isFull) isFull = !call.write(message);
    else if (waiting.push(message) > WAITING_MAX) fall();
  };
  writing.add(messages.subscribe({ next, complete: () => finish(() => written.complete()), error: (error) => finish(() => written.error(error)) }));
  return writing;
}
