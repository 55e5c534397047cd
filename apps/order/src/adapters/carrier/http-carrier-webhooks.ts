import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Ids, uuidOf } from '@libs/kernel/ids';
import { WallClock } from '@libs/kernel/clock';
import { SecretBox } from '@libs/secrets/secret-box';
import { keyIn } from '@libs/secrets/secrets-file';
import { type CarrierEvent, CarrierEndpoints, CarrierWebhooks } from '../../application/ports';
import { signatureInvalid, webhookInvalid } from '../../domain/errors';
import { scanKinds } from '../../domain/parcel';
import { OrderConfig } from '../../order.config';
import { CarrierHttp } from './carrier-http';
import { parsed } from './http-carrier';
import { isSigned } from './signature';

const PATH = '/v1/webhooks/carriers/sandbox';

const endpointsSchema = z.object({ data: z.array(z.object({ id: z.string(), url: z.string() })) });
const madeSchema = z.object({ id: z.string().min(1), secret: z.string().min(1) });
const eventSchema = z.object({
  id: z.string().min(1).max(200),
  type: z.string(),
  data: z.object({
    tracking: z.string().min(1).max(200), kind: z.enum(scanKinds), at: z.iso.datetime(),
    /** What the label was bought under: the order's id, unless somebody made it by hand. */
    reference: z.string().max(200).optional().catch(undefined),
  }),
});

/** The carrier's webhook: one endpoint at our public address, whose secret only this service knows. */
@Injectable()
export class HttpCarrierWebhooks extends CarrierWebhooks {
  private readonly url: string;
  private readonly box: SecretBox;
  private secret: string | undefined;

  constructor(
    private readonly http: CarrierHttp,
    private readonly endpoints: CarrierEndpoints,
    private readonly ids: Ids,
    private readonly wall: WallClock,
    { values }: OrderConfig,
  ) {
    super();
    this.url = `${values.PUBLIC_URL}${PATH}`;
    this.box = new SecretBox(keyIn(values.ORDER_SECRETS_FILE ?? join(values.DATA_DIR, 'secrets', 'order.key')));
  }

  get isReady(): boolean {
    return this.secret !== undefined;
  }

  async ensure(): Promise<void> {
    const kept = await this.endpoints.find(this.url);
    const secret = kept && this.opened(kept.sealedSecret);
    const { data } = parsed(endpointsSchema, await this.http.get('/webhook_endpoints'));
    const ours = data.filter(({ url }) => url === this.url);
    this.secret = secret && ours.some(({ id }) => id === kept.id) ? secret : await this.make(ours.map(({ id }) => id));
  }

  /** Undefined when it was sealed under a key that is gone. */
  private opened(sealed: string): string | undefined {
    return this.box.open(Buffer.from(sealed, 'base64'));
  }

  /** An endpoint whose secret is lost is of no use: a new one takes its place. */
  private async make(lost: readonly string[]): Promise<string> {
    const { id, secret } = parsed(madeSchema, await this.http.post('/webhook_endpoints', { url: this.url }, this.ids.next('op')));
    await this.endpoints.keep(this.url, { id, sealedSecret: this.box.seal(secret).toString('base64') });
    for (const old of lost) await this.http.delete(`/webhook_endpoints/${encodeURIComponent(old)}`);
    return secret;
  }

  async read(body: Uint8Array, signature: string): Promise<CarrierEvent | undefined> {
    if (!(await this.isTheirs(body, signature))) throw signatureInvalid();
    const event = eventSchema.safeParse(jsonOf(body));
    if (!event.success) {
      // Kinds of events that came later than this service are none of its business; a signed one without form is.
      if (z.object({ id: z.string(), type: z.string() }).safeParse(jsonOf(body)).data?.type !== 'shipment.scanned') return undefined;
      throw webhookInvalid();
    }
    const { id, data } = event.data;
    const { tracking, kind, at, reference } = data;
    const ofOrder = reference !== undefined && uuidOf('ord', reference) !== undefined ? { orderId: reference } : {};
    return { id, tracking, kind, at: new Date(at), ...ofOrder, rawSha256: createHash('sha256').update(body).digest('hex') };
  }

  private async isTheirs(body: Uint8Array, signature: string): Promise<boolean> {
    const isSignedWith = (secret: string | undefined) => secret !== undefined && isSigned(body, signature, secret, this.wall.now());
    if (isSignedWith(this.secret)) return true;
    // Another process of this service may have made the endpoint anew.
    const kept = await this.endpoints.find(this.url);
    const secret = kept && this.opened(kept.sealedSecret);
    if (!isSignedWith(secret)) return false;
    this.secret = secret;
    return true;
  }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw webhookInvalid();
  }
}
