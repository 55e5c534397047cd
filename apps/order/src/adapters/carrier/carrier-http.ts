import { Injectable } from '@nestjs/common';
import { AppError } from '@libs/kernel/app-error';
import { OrderConfig } from '../../order.config';

const ANSWER_MS_MAX = 5_000;

/** The carrier's API. Whatever does not come back in time is asked again with the same key. */
@Injectable()
export class CarrierHttp {
  private readonly base: string;

  constructor({ values }: OrderConfig) {
    this.base = values.CARRIER_URL ?? `${values.SANDBOX_URL}/carrier/v1`;
  }

  get(path: string): Promise<unknown> {
    return this.send(path, { method: 'GET' });
  }

  post(path: string, body: unknown, idempotencyKey: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    return this.send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  async delete(path: string): Promise<void> {
    await this.send(path, { method: 'DELETE' });
  }

  private async send(path: string, init: RequestInit): Promise<unknown> {
    try {
      const response = await fetch(`${this.base}${path}`, { ...init, signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      const text = await response.text();
      if (!response.ok) throw new AppError('unavailable', 'order.carrier_refused', `The carrier answered ${response.status}.`, { status: String(response.status) });
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('unavailable', 'order.carrier_unreachable', 'The carrier did not answer.');
    }
  }
}
