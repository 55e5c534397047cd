import { Injectable } from '@nestjs/common';
import { Wake } from '../../application/ports';

type Listener = () => void;

/** The use cases' side of the loops: they wake what they do not know. */
@Injectable()
export class WakeLoops extends Wake {
  private readonly listeners = { operations: new Set<Listener>(), inbox: new Set<Listener>(), settled: new Set<Listener>() };

  operations(): void {
    for (const listener of this.listeners.operations) listener();
  }

  inbox(): void {
    for (const listener of this.listeners.inbox) listener();
  }

  settled(): void {
    for (const listener of this.listeners.settled) listener();
  }

  on(what: 'operations' | 'inbox' | 'settled', listener: Listener): void {
    this.listeners[what].add(listener);
  }
}
