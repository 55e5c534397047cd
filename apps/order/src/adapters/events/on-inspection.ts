import { Injectable } from '@nestjs/common';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { EventOf } from '@libs/contracts/events';
import { type Delivery, OnEvent } from '@libs/events/on-event';
import type { Transaction } from '@libs/postgres/transaction';
import { RecordInspection } from '../../application/record-inspection';

@Injectable()
export class OnInspection {
  constructor(private readonly inspections: RecordInspection) {}

  @OnEvent('inspection.received')
  async received(tx: Transaction, { orderId, receivedAt }: EventOf<'inspection.received'>, { occurredAt }: Delivery): Promise<void> {
    await this.inspections.received(tx, orderId, receivedAt ? timestampDate(receivedAt) : occurredAt);
  }

  @OnEvent('inspection.completed')
  async completed(tx: Transaction, { orderId, verdict, reasons }: EventOf<'inspection.completed'>): Promise<void> {
    await this.inspections.completed(tx, orderId, { isPass: verdict === 'pass', reasons });
  }
}
