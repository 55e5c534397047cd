import { kafkaClient, type KafkaSettings } from '@libs/events/kafka-settings';

/** The brokers that the run was given: none, unless KAFKA_BROKERS names them. */
export function kafkaBrokers(): string[] {
  return (process.env.KAFKA_BROKERS ?? '').split(',').filter((address) => address !== '');
}

/** Takes away what a test has made: everything of its prefix. */
export async function removeTopics(settings: KafkaSettings): Promise<void> {
  const admin = kafkaClient(settings).admin();
  await admin.connect();
  try {
    const { groups } = await admin.listGroups();
    const own = groups.map(({ groupId }) => groupId).filter((group) => group.startsWith(settings.prefix));
    await admin.deleteGroups(own).catch(() => undefined); // A group that has members yet ends by itself.
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(settings.prefix));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}
