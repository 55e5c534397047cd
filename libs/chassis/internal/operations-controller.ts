import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { Controller } from '@nestjs/common';
import {
  type DiscardDeadLetterRequest, type GetDeadLetterRequest, type GetDeadLettersRequest, OperationsService, type RetryDeadLetterRequest,
} from '@libs/contracts/gen/exchange/operations/v1/operations_pb';
import { BadLine, type EventLine, parseLine } from '@libs/events/event-line';
import { type After, isUnreadable, type ParkedEvent, ParkedEvents, parkedId, parkedPlace, type ParkedPlace } from '@libs/events/parked-events';
import { AppError } from '@libs/kernel/app-error';
import { pageSize } from '@libs/kernel/page-size';
import { type CallContext, requireRole } from '@libs/rpc/call-context';
import type { RpcHandlers } from '@libs/rpc/rpc';
import { RpcService } from '@libs/rpc/rpc-service';
import { Log } from '../log';
import { traceIdOf } from '../trace';

const CURSOR = /^(\d{1,15})~([\w~.+-]{1,300})$/;

const notFound = () => new AppError('not_found', 'operations.dead_letter_not_found', 'There is no such dead letter, or no longer.');
const unreadable = () => new AppError('conflict', 'operations.dead_letter_unreadable', 'Nothing can be made of this line: it can only be discarded.');
const reasonMissing = () => new AppError('rejected', 'operations.reason_missing', 'Whoever decides about an event gives a reason.');

/** What every service with a database offers to its operator, without a line of its own. */
@Controller()
@RpcService(OperationsService)
export class OperationsController implements RpcHandlers<typeof OperationsService> {
  constructor(
    private readonly parked: ParkedEvents,
    private readonly log: Log,
  ) {}

  async getDeadLetters({ limit, cursor }: GetDeadLettersRequest, call: CallContext) {
    requireRole(call, 'admin');
    const size = pageSize(limit);
    const found = await this.parked.list(size + 1, afterOf(cursor));
    const shown = found.slice(0, size);
    const last = shown.at(-1);
    return { deadLetters: shown.map((event) => letterOf(event)), nextCursor: found.length > size && last ? `${last.firstAt.getTime()}~${parkedId(last)}` : '' };
  }

  async getDeadLetter({ id }: GetDeadLetterRequest, call: CallContext) {
    requireRole(call, 'admin');
    const event = await this.parked.find(placeOf(id));
    if (!event) throw notFound();
    return { deadLetter: { ...letterOf(event), payloadJson: JSON.stringify(lineOf(event)?.payload ?? event.event) } };
  }

  async retryDeadLetter({ id, reason }: RetryDeadLetterRequest, call: CallContext) {
    const { id: by } = requireRole(call, 'admin');
    const place = placeOf(id);
    if (reason === '') throw reasonMissing();
    if (isUnreadable(place) && (await this.parked.find(place))) throw unreadable();
    if (!(await this.parked.resume(place, { by, reason }))) throw notFound();
    this.log.info({ dead_letter: id, admin: by }, 'a parked event is tried again');
    return {};
  }

  async discardDeadLetter({ id, reason }: DiscardDeadLetterRequest, call: CallContext) {
    const { id: by } = requireRole(call, 'admin');
    if (reason === '') throw reasonMissing();
    if (!(await this.parked.skip(placeOf(id), { by, reason }))) throw notFound();
    this.log.info({ dead_letter: id, admin: by }, 'a parked event is given up');
    return {};
  }
}

function placeOf(id: string): ParkedPlace {
  const place = parkedPlace(id);
  if (!place) throw notFound();
  return place;
}

function afterOf(cursor: string): After | undefined {
  if (cursor === '') return undefined;
  const [, firstAtMs, id] = CURSOR.exec(cursor) ?? [];
  if (firstAtMs === undefined || id === undefined) throw new AppError('invalid', 'operations.cursor_invalid', 'This cursor is not one of ours.', { field: 'cursor' });
  return { firstAtMs: Number(firstAtMs), id };
}

function letterOf(event: ParkedEvent) {
  const { consumer, topic, key, kseq, error, attempts, firstAt, lastAt, waitingBehind } = event;
  const line = lineOf(event);
  return {
    id: parkedId(event), service: consumer, topic, key, kseq: BigInt(kseq), type: line?.type ?? '', error, attempts,
    firstAt: timestampFromDate(firstAt), lastAt: timestampFromDate(lastAt), waitingBehind, traceId: traceIdOf(line?.headers.traceparent) ?? '',
  };
}

function lineOf({ event }: ParkedEvent): EventLine | undefined {
  try {
    return parseLine(event);
  } catch (error) {
    if (error instanceof BadLine) return undefined;
    throw error;
  }
}
