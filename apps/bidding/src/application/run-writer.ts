import { Injectable } from '@nestjs/common';
import { MarketDirectory } from './market-directory';
import { CommittedEvents } from './ports';
import { SHARDS } from '../domain/shard';
import { type CommittedBatch, Writer, type WriterListener } from './writer';

const DIRECTORY_EVERY_TENDS = 100;

/** The writer's life in the service: what it commits goes to the bus, and its busts out of the last sales. */
@Injectable()
export class RunWriter implements WriterListener {
  private tends = 0;

  constructor(
    private readonly writer: Writer,
    private readonly events: CommittedEvents,
    private readonly directory: MarketDirectory,
  ) {
    writer.listen(this);
  }

  async start(): Promise<void> {
    await this.directory.load();
    await this.events.start(this.writer.owner);
    await this.writer.tend();
  }

  async tend(): Promise<void> {
    await this.writer.tend();
    // What other owners learn of markets reaches us by reading.
    if (this.writer.owned.size < SHARDS && this.tends++ % DIRECTORY_EVERY_TENDS === 0) await this.directory.load();
  }

  async stop(): Promise<void> {
    await this.writer.stop();
    await this.events.stop();
  }

  reconnected(): void {
    this.events.readTable();
  }

  tookOver(formerOwners: readonly string[]): void {
    for (const owner of formerOwners) this.events.takeOver(owner);
  }

  committed({ batch, pos, lines }: CommittedBatch): void {
    if (pos !== null) this.events.handOver(pos, lines);
    for (const { marketId } of batch.busts) void this.directory.refresh(marketId).catch(() => undefined);
  }
}
