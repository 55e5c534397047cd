import { createHmac } from 'node:crypto';
import type { Box } from '../../application/box';
import type { Delivery } from '../../domain/keeping';
import type { Change } from '../../domain/world';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;
const GIVE_UP_AFTER_MS = 3 * 86_400_000;
const ANSWER_WITHIN_MS = 10_000;
const AT_ONCE_PER_ENDPOINT = 8;

interface Queue {
  readonly ready: string[];
  inFlight: number;
}

/** Sends what is owed until the endpoint says 2xx: at least once, in no promised order. */
export class Deliverer {
  private readonly queues = new Map<string, Queue>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;

  constructor(private readonly box: Box) {}

  start(): void {
    for (const delivery of this.box.world.all('deliveries')) this.enqueue(delivery);
    this.box.whenDurable((changes) => changes.forEach((change) => this.take(change)));
    this.box.whenClockMoves(() => this.releaseHeld());
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
  }

  /** Held ones that the business clock has not reached do not count: they are late on purpose. */
  pending(): number {
    const { nowMs } = this.box;
    return this.box.world.all('deliveries').filter((one) => !isHeld(one, nowMs)).length;
  }

  releaseHeld(): void {
    const { nowMs } = this.box;
    for (const delivery of this.box.world.all('deliveries')) {
      if (delivery.notBeforeMs === null || isHeld(delivery, nowMs)) continue;
      this.box.run({}, (unit) => unit.put('deliveries', { ...delivery, notBeforeMs: null }));
    }
  }

  private take([collection, row]: Change): void {
    if (collection === 'deliveries' && row !== null) this.enqueue(row as Delivery);
  }

  private enqueue(delivery: Delivery): void {
    if (this.isStopped || isHeld(delivery, this.box.nowMs)) return;
    const queue = this.queues.get(delivery.endpoint) ?? { ready: [], inFlight: 0 };
    this.queues.set(delivery.endpoint, queue);
    queue.ready.push(delivery.id);
    this.pump(queue);
  }

  private pump(queue: Queue): void {
    while (queue.inFlight < AT_ONCE_PER_ENDPOINT) {
      const id = queue.ready.shift();
      if (id === undefined) return;
      queue.inFlight += 1;
      void this.deliver(id, queue, FIRST_WAIT_MS).finally(() => {
        queue.inFlight -= 1;
        this.pump(queue);
      });
    }
  }

  /** One try; the next one waits outside the queue, so that a dead endpoint holds up nothing but itself. */
  private async deliver(id: string, queue: Queue, waitMs: number): Promise<void> {
    const delivery = this.box.world.get('deliveries', id);
    if (delivery === undefined || this.isStopped) return;
    const isDone = (await this.send(delivery)) || this.box.wallMs - delivery.sinceWallMs > GIVE_UP_AFTER_MS;
    if (this.isStopped) return;
    if (isDone) return this.box.run({}, (unit) => unit.remove('deliveries', id));
    this.later(waitMs, () => {
      queue.inFlight += 1;
      void this.deliver(id, queue, Math.min(waitMs * 2, LONGEST_WAIT_MS)).finally(() => {
        queue.inFlight -= 1;
        this.pump(queue);
      });
    });
  }

  private async send(delivery: Delivery): Promise<boolean> {
    const announcement = this.box.world.get('announcements', delivery.announcement);
    const endpoint = this.endpointOf(delivery.endpoint);
    if (announcement === undefined || endpoint === undefined) return true;
    const t = Math.floor(this.box.wallMs / 1000);
    const v1 = createHmac('sha256', endpoint.secret).update(`${t}.${announcement.body}`).digest('hex');
    try {
      const answer = await fetch(endpoint.url, {
        method: 'POST', body: announcement.body, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        headers: { 'content-type': 'application/json; charset=utf-8', [endpoint.header]: `t=${t},v1=${v1}` },
      });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false;
    }
  }

  private endpointOf(id: string): { url: string; secret: string; header: string } | undefined {
    const provider = this.box.world.get('webhook_endpoints', id);
    if (provider !== undefined) return { url: provider.url, secret: provider._sandbox.secret, header: 'stripe-signature' };
    const carrier = this.box.world.get('carrier_endpoints', id);
    return carrier && { url: carrier.url, secret: carrier.secret, header: 'carrier-signature' };
  }

  private later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, ms);
    this.timers.add(timer);
  }
}

function isHeld(delivery: Delivery, nowMs: number): boolean {
  return delivery.notBeforeMs !== null && delivery.notBeforeMs > nowMs;
}
