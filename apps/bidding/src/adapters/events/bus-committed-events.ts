import { Injectable } from '@nestjs/common';
import { Log } from '@libs/chassis/log';
import { Loop } from '@libs/chassis/loop';
import { Metrics } from '@libs/chassis/metrics';
import { relayObserver } from '@libs/chassis/relay-observer';
import { Spans } from '@libs/chassis/spans';
import { Bus } from '@libs/events/bus';
import { OwnedOutboxRelay } from '@libs/events/owned-outbox-relay';
import { invariant } from '@libs/kernel/invariant';
import { Sql } from '@libs/postgres/sql';
import { CommittedEvents } from '../../application/ports';

const POLL_MS = 250;
/** Under load the rows of several commits go out together: on the bus the cost is in the partitions that a pass touches. */
const GATHER_MS = 25;
/** Events that waited for the bus go out soon after it is back. */
const BACK_OFF_MS_MAX = 2_000;

/** The relay beside the writer: rows are handed over in memory, a watermark says how far they are on the bus. */
@Injectable()
export class BusCommittedEvents extends CommittedEvents {
  private relay: OwnedOutboxRelay | undefined;
  private readonly loop: Loop;

  constructor(
    private readonly sql: Sql,
    private readonly bus: Bus,
    log: Log,
    private readonly metrics: Metrics,
    private readonly spans: Spans,
  ) {
    super();
    this.loop = new Loop({ name: 'bidding relay', everyMs: POLL_MS, gatherMs: GATHER_MS, backOffMsMax: BACK_OFF_MS_MAX, log }, async () => this.relay?.pass());
  }

  async start(owner: string): Promise<void> {
    const relay = new OwnedOutboxRelay({ sql: this.sql, bus: this.bus, owner, onSent: relayObserver(this.metrics, this.spans, this.bus) });
    await relay.start();
    this.relay = relay;
    this.loop.start();
  }

  takeOver(formerOwner: string): void {
    this.started.takeOver(formerOwner);
    this.loop.nudge();
  }

  handOver(pos: number, lines: string): void {
    this.started.handOver({ pos, events: lines });
    this.loop.nudge();
  }

  readTable(): void {
    this.started.readTable();
    this.loop.nudge();
  }

  async pending(): Promise<number> {
    return this.relay ? this.relay.pending() : 0;
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    while (await this.relay?.pass());
  }

  private get started(): OwnedOutboxRelay {
    invariant(this.relay, 'the relay has not been started');
    return this.relay;
  }
}
