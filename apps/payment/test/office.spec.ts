import { money } from '@libs/kernel/money';
import { Ledger, ReconcileCursor } from '../src/application/ports';
import { BalanceProvider, RefundProvider } from '../src/application/provider';
import { Reconcile } from '../src/application/reconcile';
import { admin, Till } from './till';

const HOUR_MS = 3_600_000;

describe('The office', () => {
  let till: Till;
  beforeAll(async () => {
    till = await Till.open({ PAYMENT_RECONCILE_MS: '1000' });
  }, 120_000);
  afterAll(() => till?.close());

  it('an operation of unknown outcome is shown to a person after an hour, and closes by itself when it is known', async () => {
    const order = await till.order('pm_card_visa');
    await till.fault('/v1/payment_intents/*/confirm', 'timeout_after_apply');
    await till.fault('/v1/payment_intents/*', 'rate_limit_429', 3, { method: 'GET' });
    till.door.isShut = true;
    await till.charge(order);
    await till.eventually(async () => (await till.service.sql.query(`update payment_op set sent_at = now() - interval '61 minutes' where kind = 'capture' and state = 'unknown' returning 1`)).length > 0);
    await till.eventually(async () => (await till.tasks()).length > 0);
    const [task] = await till.tasks();
    expect(task).toMatchObject({ kind: 'unknown_operation', orderId: order.orderId });
    await till.as(admin).resumeManualTask({ taskId: task?.id ?? '', reason: 'Looked at the provider.' });
    await till.settled();
    till.door.isShut = false;
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'captured' });
    expect(await till.tasks()).toEqual([]);
    const closed = await till.as(admin).getManualTasks({ includeClosed: true });
    expect(closed.tasks.map(({ closedAt }) => closedAt !== undefined)).not.toContain(false);
    await expect(till.as(admin).resumeManualTask({ taskId: task?.id ?? '', reason: 'again' })).rejects.toMatchObject({ code: 'payment.task_closed' });
  }, 60_000);

  it('whatever comes of an operation of unknown outcome, that it is unknown is no longer anybody\'s task', async () => {
    const order = await till.charged('pm_card_visa');
    await till.fault('/v1/refunds', 'timeout_before', 1, { method: 'POST' });
    await till.as('order').refundPayment({ orderId: order.orderId, reason: 'inspection_failed' });
    const unknown = `kind = 'refund' and state = 'unknown'`;
    await till.eventually(async () => (await till.service.sql.query(`update payment_op set sent_at = now() - interval '61 minutes', next_at = now() + interval '1 hour' where ${unknown} returning 1`)).length > 0);
    await till.eventually(async () => (await till.tasks()).length > 0);
    expect(await till.tasks()).toMatchObject([{ kind: 'unknown_operation' }]);
    jest.spyOn(till.service.app.get(RefundProvider), 'createRefund').mockResolvedValueOnce({ reply: 'refused', code: 'charge_disputed', because: 'invalid' });
    await till.service.sql.query(`update payment_op set next_at = now() where ${unknown}`);
    await till.eventually(async () => (await till.tasks()).some(({ kind }) => kind === 'failed_refund'));
    const [task, ...others] = await till.tasks();
    expect([task, others]).toMatchObject([{ kind: 'failed_refund', detail: 'The refund failed: charge_disputed.' }, []]);
    await till.as(admin).resumeManualTask({ taskId: task?.id ?? '', reason: 'The dispute is over.' });
    await till.settled();
    expect(await till.payment(order.orderId)).toMatchObject({ state: 'refunded' });
  }, 60_000);

  it('tasks and books are for admins', async () => {
    await expect(till.as(till.user()).getManualTasks({})).rejects.toMatchObject({ code: 'rpc.role_missing' });
    await expect(till.as(till.user()).resumeManualTask({ taskId: 'x', reason: 'y' })).rejects.toMatchObject({ code: 'rpc.role_missing' });
    await expect(till.as(admin).resumeManualTask({ taskId: 'x', reason: 'y' })).rejects.toMatchObject({ code: 'payment.task_not_found' });
  });

  it('money that moved at the provider without us is shown to a person, ours is not', async () => {
    await till.charged('pm_card_bypassPending');
    await till.stripe('payment_intents', { amount: '777', currency: 'usd', payment_method: 'pm_card_visa', confirm: 'true', capture_method: 'automatic' });
    await till.passes({ hours: 1 }, HOUR_MS);
    await till.eventually(async () => (await till.tasks()).length > 0);
    expect((await till.tasks()).map(({ kind, detail }) => [kind, detail])).toEqual([['unmatched_line', 'charge of 724 USD at the provider. We booked nothing for it.']]);
    const { reconciliation: asked } = await till.as(admin).startReconciliation({});
    expect(asked).toMatchObject({ askedBy: admin.id, outcome: '' });
    const found = async () => (await till.as(admin).getReconciliations({ limit: 100 })).reconciliations.find(({ id }) => id === asked?.id);
    await till.eventually(async () => (await found())?.outcome !== '');
    const compared = await found();
    expect(compared).toMatchObject({ outcome: 'differs', unmatched: 1 });
    expect(compared?.lines).toBeGreaterThan(1);
    await expect(till.as(till.user()).startReconciliation({})).rejects.toMatchObject({ code: 'rpc.role_missing' });
    await expect(till.as(till.user()).getReconciliations({})).rejects.toMatchObject({ code: 'rpc.role_missing' });
  });

  it('a line of the provider that cannot be compared keeps no other from being compared', async () => {
    const ledger = till.service.app.get(Ledger);
    const [provider, hasReference] = [till.service.app.get(BalanceProvider), ledger.hasReference.bind(ledger)];
    const { lines } = await provider.listLines(new Date(0), undefined).then((reply) => (reply.reply === 'done' ? reply.value : { lines: [] }));
    expect(lines.length).toBeGreaterThan(1);
    const [broken] = lines;
    const compared = new Set<string>();
    ledger.hasReference = async (reference) => {
      if (reference === broken?.id) throw new Error('damaged');
      compared.add(reference);
      return hasReference(reference);
    };
    const before = await till.service.app.get(ReconcileCursor).read();
    await expect(till.service.app.get(Reconcile).execute()).rejects.toThrow('damaged');
    expect([...compared].sort()).toEqual(expect.arrayContaining(lines.slice(1).map(({ id }) => id).sort()));
    // All are compared again.
    expect(await till.service.app.get(ReconcileCursor).read()).toEqual(before);
    ledger.hasReference = hasReference;
  });

  it('every page of the provider\'s lines is compared, however many there are', async () => {
    const PAGES = 1_100;
    const provider = till.service.app.get(BalanceProvider);
    const listLines = provider.listLines.bind(provider);
    provider.listLines = async (_since, after) => {
      const page = Number(after ?? 0) + 1;
      return { reply: 'done', value: { lines: [{ id: String(page), type: 'adjustment', net: money('USD', 0), createdAt: new Date(0) }], hasMore: page < PAGES } };
    };
    expect(await till.service.app.get(Reconcile).execute()).toMatchObject({ outcome: 'agrees', lines: PAGES });
    provider.listLines = listLines;
  });

  it('tells what is held and that the ledger balances', async () => {
    await till.eventually(async () => /escrow_held_minor\{[^}]*\} 97490/.test(await (await fetch(`${till.service.internalUrl}/metrics`)).text()));
    const metrics = await (await fetch(`${till.service.internalUrl}/metrics`)).text();
    expect(metrics).toMatch(/ledger_imbalance_minor\{[^}]*\} 0/);
    expect(metrics).toMatch(/payments_total\{[^}]*op="capture"[^}]*outcome="captured"[^}]*\} \d/);
  });
});
