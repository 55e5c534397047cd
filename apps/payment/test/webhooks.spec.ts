import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import { SecretBox } from '@libs/secrets/secret-box';
import { Till } from './till';

describe('Messages of the provider', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open();
  }, 120_000);
  afterAll(() => till?.close());

  const received = () => till.service.sql.query<{ event_id: string; applied_at: Date | null }>('select event_id, applied_at from psp_event');
  const lastMessage = () => {
    const message = till.door.messages.at(-1);
    if (!message) throw new Error('no message has come in');
    return message;
  };
  const send = (message: { endpoint: string; body: Uint8Array; signature: string }) => till.as('gateway').handleWebhook(message);

  it('a repeated message is answered well and kept once (L10)', async () => {
    await till.fault('/v1/payment_intents/*/confirm', 'duplicate_webhooks');
    const order = await till.charged('pm_card_visa');
    const before = (await received()).length;
    await send(lastMessage());
    await till.settled();
    expect(await received()).toHaveLength(before);
    expect(await till.events(order.orderId)).toEqual(['payment.captured']);
  });

  it('messages in the wrong order, before our own answer, or much later change nothing that is not so', async () => {
    till.door.isShut = true;
    const order = await till.charged('pm_card_sandboxDeclinesFirstCharge');
    await till.passes({ hours: 1 });
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured' });
    till.door.isShut = false;
    await till.settled();
    const messages = [...till.door.messages].reverse();
    for (const message of messages) await send(message);
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured', tries: 2 });
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.captured']);
    expect((await received()).filter((row) => row.applied_at === null)).toEqual([]);
  }, 60_000);

  it('a forged, changed, or foreign signature is refused and nothing is kept', async () => {
    await till.charged('pm_card_visa');
    const message = lastMessage();
    const before = (await received()).length;
    const stranger = `t=${Math.floor(Date.now() / 1_000)},v1=${createHmac('sha256', 'whsec_guess').update(message.body).digest('hex')}`;
    const changed = Buffer.from(message.body.toString('utf8').replace('"livemode":false', '"livemode":true '));
    const other = message.endpoint === 'platform' ? 'connect' : 'platform';
    for (const forged of [{ ...message, signature: stranger }, { ...message, signature: '' }, { ...message, body: changed }, { ...message, endpoint: other }]) {
      await expect(send(forged)).rejects.toMatchObject({ kind: 'invalid', code: 'payment.webhook_signature' });
    }
    await expect(send({ ...message, endpoint: 'nowhere' })).rejects.toMatchObject({ code: 'payment.webhook_endpoint' });
    expect(await received()).toHaveLength(before);
  });

  it('a signature older than five minutes is refused, although it is right', async () => {
    const { secret, body } = await ownEndpoint();
    const at = (secondsAgo: number) => new Stripe('sk_test_x').webhooks.generateTestHeaderString({ payload: body, secret, timestamp: Math.floor(Date.now() / 1_000) - secondsAgo });
    await expect(send({ endpoint: 'platform', body: Buffer.from(body), signature: at(301) })).rejects.toMatchObject({ code: 'payment.webhook_signature' });
    await expect(send({ endpoint: 'platform', body: Buffer.from(body), signature: at(290) })).resolves.toBeDefined();
  });

  it('the secrets lie sealed in the database, and an endpoint whose secret is lost is made anew', async () => {
    const sealed = await till.service.sql.query<{ psp_id: string; secret: Buffer }>(`select psp_id, secret from webhook_endpoints where name = 'platform'`);
    expect(sealed[0]?.secret.toString('latin1')).not.toContain('whsec_');
    await till.service.sql.query(`update webhook_endpoints set secret = '\\x00'::bytea || secret where name = 'platform'`);
    await till.service.restart();
    const order = await till.charged('pm_card_visa');
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured' });
    const remade = await till.service.sql.query<{ psp_id: string }>(`select psp_id from webhook_endpoints where name = 'platform'`);
    expect(remade[0]?.psp_id).not.toBe(sealed[0]?.psp_id);
    expect(await till.list('webhook_endpoints')).toHaveLength(2);
  }, 60_000);

  it('a charge whose messages are all lost is found by looking', async () => {
    till.door.isShut = true;
    const order = await till.charged('pm_card_authenticationRequired');
    const { payment } = await till.as(order.buyer).getPayment({ orderId: order.orderId });
    const intentId = payment?.clientSecret.split('_secret_')[0] ?? '';
    const [method] = await till.list(`customers/${String((await till.stripe(`payment_intents/${intentId}`))['customer'])}/payment_methods`);
    await till.stripe(`payment_intents/${intentId}/confirm`, { client_secret: payment?.clientSecret ?? '', payment_method: String(method?.['id']) });
    await till.stripe(`payment_intents/${intentId}/authenticate`, { client_secret: payment?.clientSecret ?? '' });
    await till.service.sql.query(`update payments set watched_at = now() - interval '2 minutes' where intent_id = $1`, [intentId]);
    await till.service.restart();
    await till.eventually(async () => (await till.payment(order.orderId)).state === 'captured');
    till.door.isShut = false;
    await till.settled();
    expect(await till.events(order.orderId)).toEqual(['payment.action_required', 'payment.captured']);
  }, 60_000);

  /** What the provider alone could send: a body of our making under the endpoint's own secret. */
  async function ownEndpoint(): Promise<{ secret: string; body: string }> {
    const [row] = await till.service.sql.query<{ secret: Buffer }>(`select secret from webhook_endpoints where name = 'platform'`);
    const secret = new SecretBox(till.secretsKey).open(row?.secret ?? Buffer.alloc(0));
    if (!secret) throw new Error('the secret does not open');
    const body = JSON.stringify({ id: 'evt_own', object: 'event', type: 'payment_intent.succeeded', created: Math.floor(Date.now() / 1_000), data: { object: { id: 'pi_unknown' } } });
    return { secret, body };
  }
});
