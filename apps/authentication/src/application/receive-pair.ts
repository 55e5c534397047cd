import { Injectable } from '@nestjs/common';
import { Outbox } from '@libs/events/outbox';
import { Clock } from '@libs/kernel/clock';
import { timestampOf } from '@libs/kernel/timestamp';
import type { Transaction } from '@libs/postgres/transaction';
import { AuthenticationConfig } from '../authentication.config';
import { decisionDueAt, type Inspection } from '../domain/inspection';
import { Inspections } from './ports';

/** The awaited pair is here: it stands in the queue, and its time begins to run. */
@Injectable()
export class ReceivePair {
  constructor(
    private readonly inspections: Inspections,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    private readonly config: AuthenticationConfig,
  ) {}

  async execute(tx: Transaction, inspection: Inspection): Promise<Inspection> {
    const receivedAt = this.clock.now();
    const dueAt = decisionDueAt(receivedAt, this.config.values.HOLIDAYS);
    const { id: taskId, orderId } = inspection;
    await this.inspections.receive(tx, taskId, receivedAt, dueAt);
    this.outbox.add(tx, 'inspection.received', orderId, { orderId, taskId, receivedAt: timestampOf(receivedAt) });
    return { ...inspection, state: 'queued', receivedAt, dueAt, version: inspection.version + 1 };
  }
}
