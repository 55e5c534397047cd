import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AppError } from '@libs/kernel/app-error';
import { Carrier, type Label, type PostalAddress } from '../../application/ports';
import type { Leg } from '../../domain/order';
import { type Scan, scanKinds } from '../../domain/parcel';
import { OrderConfig } from '../../order.config';
import { CarrierHttp } from './carrier-http';

const labelSchema = z.object({ tracking: z.string().min(1), carrier: z.string().min(1), labelUrl: z.string().min(1) });
const shipmentSchema = z.object({ scans: z.array(z.object({ kind: z.enum(scanKinds), at: z.iso.datetime() })).max(1_000) });

@Injectable()
export class HttpCarrier extends Carrier {
  readonly warehouse: PostalAddress;

  constructor(
    private readonly http: CarrierHttp,
    { values }: OrderConfig,
  ) {
    super();
    this.warehouse = {
      name: values.WAREHOUSE_NAME, street: values.WAREHOUSE_STREET, street2: '', city: values.WAREHOUSE_CITY,
      region: values.WAREHOUSE_REGION, postalCode: values.WAREHOUSE_POSTAL_CODE, country: values.WAREHOUSE_COUNTRY, phone: values.WAREHOUSE_PHONE,
    };
  }

  async createLabel(key: string, parcel: { reference: string; leg: Leg; from: PostalAddress; to: PostalAddress }): Promise<Label> {
    return parsed(labelSchema, await this.http.post('/labels', parcel, key));
  }

  async scans(tracking: string): Promise<Scan[]> {
    const { scans } = parsed(shipmentSchema, await this.http.get(`/shipments/${encodeURIComponent(tracking)}`));
    return scans.map(({ kind, at }) => ({ tracking, kind, at: new Date(at) }));
  }
}

/** An answer that is not what was agreed counts as none: it is asked for again. */
export function parsed<S extends z.ZodType>(schema: S, answer: unknown): z.output<S> {
  const result = schema.safeParse(answer);
  if (!result.success) throw new AppError('unavailable', 'order.carrier_unclear', 'The carrier answered something else than agreed.');
  return result.data;
}
