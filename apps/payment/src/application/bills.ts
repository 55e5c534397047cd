import { Injectable } from '@nestjs/common';
import type { Money } from '@libs/kernel/money';
import { feeScheduleMissing, priceTooLow } from '../domain/errors';
import { buyerBill, scheduleAt, sellerBill, type Bill, type FeeSchedule } from '../domain/fees';
import { FeeSchedules } from './ports';

/** The one place where estimates and charges get their amounts from. */
@Injectable()
export class Bills {
  constructor(private readonly schedules: FeeSchedules) {}

  async buyer(price: Money, at: Date): Promise<Bill> {
    return buyerBill(price, await this.scheduleOf(price, at));
  }

  async seller(price: Money, at: Date): Promise<Bill> {
    const bill = sellerBill(price, await this.scheduleOf(price, at));
    if (bill.total.minor <= 0) throw priceTooLow();
    return bill;
  }

  private async scheduleOf(price: Money, at: Date): Promise<FeeSchedule> {
    const schedule = scheduleAt(await this.schedules.all(), price.currency, at);
    if (!schedule) throw feeScheduleMissing(price.currency);
    return schedule;
  }
}
