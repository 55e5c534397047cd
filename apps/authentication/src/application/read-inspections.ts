import { Injectable } from '@nestjs/common';
import { uuidOf } from '@libs/kernel/ids';
import { pageSize } from '@libs/kernel/page-size';
import { cursorInvalid, ownTrade, taskNotFound, valueUnknown } from '../domain/errors';
import { type Inspection, isParty } from '../domain/inspection';
import { Inspections } from './ports';

const states = ['awaiting_parcel', 'queued', 'claimed', 'awaiting_review', 'disagreement', 'completed', 'cancelled'];

export interface InspectionQuery {
  readonly state: string;
  readonly limit: number;
  readonly cursor: string;
  readonly taskId: string;
}

/** The floor's queue, oldest first. Nobody sees a trade of their own. */
@Injectable()
export class ReadInspections {
  constructor(private readonly inspections: Inspections) {}

  async execute(userId: string, query: InspectionQuery): Promise<{ inspections: Inspection[]; nextCursor: string }> {
    if (query.taskId !== '') return { inspections: [await this.one(userId, query.taskId)], nextCursor: '' };
    if (query.state !== '' && !states.includes(query.state)) throw valueUnknown('state');
    if (query.cursor !== '' && !uuidOf('ins', query.cursor)) throw cursorInvalid();
    const limit = pageSize(query.limit);
    const found = await this.inspections.page({ state: query.state || undefined, notOf: userId, limit: limit + 1, after: query.cursor || undefined });
    const inspections = found.slice(0, limit);
    return { inspections, nextCursor: found.length > limit ? (inspections.at(-1)?.id ?? '') : '' };
  }

  private async one(userId: string, id: string): Promise<Inspection> {
    const inspection = await this.inspections.find(id);
    if (!inspection) throw taskNotFound(id);
    if (isParty(inspection, userId)) throw ownTrade();
    return inspection;
  }
}
