import { Injectable } from '@nestjs/common';
import { Messages, type ParkedMessage } from './ports';

const LIST_MAX = 100;

/** What was given up after many tries, until a person says that it is worth trying again. */
@Injectable()
export class TendParked {
  constructor(private readonly messages: Messages) {}

  list(limit: number): Promise<ParkedMessage[]> {
    return this.messages.parked(Math.min(limit > 0 ? limit : LIST_MAX, LIST_MAX));
  }

  resume(id: string): Promise<number> {
    return this.messages.resume(id === '' ? undefined : id);
  }
}
