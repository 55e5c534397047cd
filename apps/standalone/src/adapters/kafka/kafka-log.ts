import { randomUUID } from 'node:crypto';
import { busTopics } from '@libs/events/kafka-topics';
import { KafkaBus } from '@libs/events/kafka-bus';
import type { KafkaSettings } from '@libs/events/kafka-settings';
import { serviceStores, type BusLog, type BusPlace, type BusRows } from '../../verify/invariant';

/** The log on Kafka, read from its beginning by a group of its own. */
export class KafkaLog implements BusLog {
  private readonly bus: KafkaBus;

  constructor(settings: KafkaSettings) {
    this.bus = new KafkaBus({
      ...settings,
      onLost: (error) => {
        throw error;
      },
    });
  }

  async each(take: (rows: BusRows) => void): Promise<void> {
    const group = `verify.${randomUUID()}`;
    await this.bus.subscribe(group, busTopics);
    try {
      while ((await this.bus.lag(group, busTopics)) > 0) {
        const batches = await this.bus.read(group, busTopics);
        batches.forEach(take);
        await this.bus.commit(group, batches.map(({ topic, partition, from, lines }) => ({ topic, partition, offset: from + lines.length })));
      }
    } finally {
      await this.bus.forget(group);
    }
  }

  async pruned(): Promise<Set<string>> {
    return new Set((await this.bus.starts(busTopics)).map(({ topic, partition }) => `${topic}/${partition}`));
  }

  async positions(): Promise<BusPlace[]> {
    const places = await Promise.all(serviceStores.map(async (group) => (await this.bus.positions(group, busTopics)).map((place) => ({ ...place, group }))));
    return places.flat();
  }

  ends(): Promise<Omit<BusPlace, 'group'>[]> {
    return this.bus.ends(busTopics);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
