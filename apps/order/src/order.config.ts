import { z } from 'zod';
import { configOf } from '@libs/chassis/config';
import { holidayKeys } from '@libs/chassis/holidays';

const url = (base: string) => z.url({ protocol: /^https?$/ }).default(base);

export class OrderConfig extends configOf(
  z.object({
    /** The carrier's API; the sandbox's unless given. */
    CARRIER_URL: z.url({ protocol: /^https?$/ }).optional(),
    SANDBOX_URL: url('http://127.0.0.1:8090'),
    /** Where the world finds the gateway: webhooks come in there. */
    PUBLIC_URL: url('http://127.0.0.1:8080'),
    DATA_DIR: z.string().default('.data'),
    /** The key that seals the webhook secret in the database. Made once when there is none; `secrets/order.key` in the data folder unless given. */
    ORDER_SECRETS_FILE: z.string().optional(),
    ...holidayKeys,
    /** Where pairs are sent for inspection. */
    WAREHOUSE_NAME: z.string().default('Pairwise Inspection'),
    WAREHOUSE_STREET: z.string().default('1 Inspection Way'),
    WAREHOUSE_CITY: z.string().default('Detroit'),
    WAREHOUSE_REGION: z.string().default('MI'),
    WAREHOUSE_POSTAL_CODE: z.string().default('48201'),
    WAREHOUSE_COUNTRY: z.string().length(2).default('US'),
    WAREHOUSE_PHONE: z.string().default('+13135550100'),
  }),
) {}
