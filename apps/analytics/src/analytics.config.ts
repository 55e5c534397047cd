import { configOf, secret } from '@libs/chassis/config';
import { z } from 'zod';

/** The address chooses where the price history is read: without one it is the trades' own tables. */
export const InfluxEnvironment = z
  .object({ INFLUX_URL: z.url({ protocol: /^https?$/ }).optional(), INFLUX_ORG: z.string().optional(), INFLUX_BUCKET: z.string().optional(), INFLUX_TOKEN: secret().optional() })
  .refine((given) => !given.INFLUX_URL || (given.INFLUX_ORG && given.INFLUX_BUCKET && given.INFLUX_TOKEN), { path: ['INFLUX_URL'], message: 'wants INFLUX_ORG, INFLUX_BUCKET and INFLUX_TOKEN as well' })
  .transform(({ INFLUX_URL: url, INFLUX_ORG: org, INFLUX_BUCKET: bucket, INFLUX_TOKEN: token }) => ({ influx: url && org && bucket && token ? { url, org, bucket, token } : undefined }));

export class AnalyticsConfig extends configOf(InfluxEnvironment) {}

/** What the command needs: whoever may write to the database may have the projection built anew. */
export class RebuildConfig extends configOf(z.object({ ANALYTICS_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }) })) {
  static ofProcess(): RebuildConfig {
    return new RebuildConfig(process.env);
  }
}
