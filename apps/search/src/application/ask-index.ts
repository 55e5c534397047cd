import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { AppError } from '@libs/kernel/app-error';
import { WallClock } from '@libs/kernel/clock';
import { SearchForms, type SearchIndex } from './ports';

/** For how long an engine that did not answer is not asked again. */
const REST_MS = 2_000;

export interface Asked<T> {
  readonly answer: T;
  readonly form: SearchIndex['form'];
  /** The preferred form could not answer, and the database has. */
  readonly isDegraded: boolean;
}

/** Asks the preferred form, and the database's when that one is out of reach. */
@Injectable()
export class AskIndex {
  private restsUntil = 0;

  constructor(
    private readonly forms: SearchForms,
    private readonly wall: WallClock,
    private readonly log: Log,
  ) {}

  async ask<T>(question: (index: SearchIndex) => Promise<T>): Promise<Asked<T>> {
    const { preferred, postgres } = this.forms;
    if (preferred === postgres) return { answer: await question(postgres), form: postgres.form, isDegraded: false };
    if (this.wall.now().getTime() >= this.restsUntil) {
      try {
        const answer = await question(preferred);
        this.restsUntil = 0;
        return { answer, form: preferred.form, isDegraded: false };
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== 'unavailable') throw error;
        if (this.restsUntil === 0) this.log.warn({ form: preferred.form, cause: error.details.cause }, 'the search engine does not answer, the database does');
        this.restsUntil = this.wall.now().getTime() + REST_MS;
      }
    }
    return { answer: await question(postgres), form: postgres.form, isDegraded: true };
  }

  /** The form that would be asked now, for what is remembered of its answers. */
  get likely(): SearchIndex['form'] {
    const { preferred, postgres } = this.forms;
    return this.wall.now().getTime() >= this.restsUntil ? preferred.form : postgres.form;
  }
}
