import { Injectable } from '@nestjs/common';
import { parkedNotFound } from '../domain/errors';
import { type ParkedMessage, ParkedMessages } from './ports';

const LIST_MAX = 100;

/** What was given up after many tries, until a person says that it is worth trying again. */
@Injectable()
export class TendParked {
  constructor(private readonly parked: ParkedMessages) {}

  list(limit: number): Promise<ParkedMessage[]> {
    return this.parked.list(Math.min(limit > 0 ? limit : LIST_MAX, LIST_MAX));
  }

  async resume(id: string): Promise<void> {
    if ((await this.parked.resume(id)) === 0) throw parkedNotFound(id);
  }

  /** Answers how many there were. */
  resumeAll(): Promise<number> {
    return this.parked.resume(undefined);
  }
}
