import { Injectable } from '@nestjs/common';
import type { Money } from '@libs/kernel/money';
import { feeScheduleMissing, priceTooLow } from '../domain/errors';
import { buyerBill, scheduleAt, sellerBill, type Bill, type FeeSchedule } from '../domain/fees';
import { FeeSchedules } from './ports';

/** The one place where estimates and charges get their amounts from. */
@Injectable()
export class Bills {
  constructor(private readonly schedules: FeeSchedules) {}

  /** Of both sides of a trade, whose quotes were accepted at different times. */
  async both(price: Money, bidAt: Date, askAt: Date): Promise<{ buyer: Bill; seller: Bill }> {
    const schedules = await this.schedules.all();
    return { buyer: buyerBill(price, inForce(schedules, price, bidAt)), seller: payable(sellerBill(price, inForce(schedules, price, askAt))) };
  }

  async buyer(price: Money, at: Date): Promise<Bill> {
    return buyerBill(price, inForce(await this.schedules.all(), price, at));
  }

  async seller(price: Money, at: Date): Promise<Bill> {
    return payable(sellerBill(price, inForce(await this.schedules.all(), price, at)));
  }
}

function inForce(schedules: readonly FeeSchedule[], { currency }: Money, at: Date): FeeSchedule {
  const schedule = scheduleAt(schedules, currency, at);
  if (!schedule) throw feeScheduleMissing(currency);
  return schedule;
}

function payable(bill: Bill): Bill {
  if (bill.total.minor <= 0) throw priceTooLow();
  return bill;
}
