/**
 * Topics, created on first use where they are absent. Brokers stamp the time (LogAppendTime): a lag in seconds then
 * compares one clock, and a replay of old documents is not removed at once by a retention that reads their own times.
 */
import type { Admin } from 'kafkajs';
import { errorMarks } from './kafka_client.ts';
import { topicName, type KafkaStreamSettings } from './kafka_settings.ts';
import { retentionHours } from './stream.ts';

export interface Topics {
  exists(topic: string): Promise<boolean>;
  /** Creates the topic if it is absent; many processes may do so at once. */
  ensure(topic: string): Promise<void>;
}

export function createTopics(admin: Admin, settings: KafkaStreamSettings): Topics {
  const known = new Set<string>();
  const pending = new Map<string, Promise<void>>();

  async function exists(topic: string): Promise<boolean> {
    const name = topicName(settings, topic);
    if (known.has(name)) return true;
    for (const found of await admin.listTopics()) known.add(found);
    return known.has(name);
  }

  async function create(topic: string): Promise<void> {
    if (await exists(topic)) return;
    const name = topicName(settings, topic);
    const hours = retentionHours(topic, settings);
    try {
      await admin.createTopics({
        waitForLeaders: true,
        timeout: 20_000,
        topics: [
          {
            topic: name,
            numPartitions: settings.partitions,
            replicationFactor: settings.replication_factor ?? -1,
            configEntries: [
              { name: 'retention.ms', value: String(Math.round(hours * 3_600_000)) },
              // Files of a day at most, or what is older than the retention would stay up to a week more.
              { name: 'segment.ms', value: String(Math.round(Math.min(24, hours) * 3_600_000)) },
              { name: 'message.timestamp.type', value: 'LogAppendTime' },
            ],
          },
        ],
      });
    } catch (error) {
      // Another process was faster.
      if (!/TOPIC_ALREADY_EXISTS/.test(errorMarks(error)) && !(await exists(topic))) throw error;
    }
    known.add(name);
  }

  return {
    exists,
    async ensure(topic) {
      if (known.has(topicName(settings, topic))) return;
      let creating = pending.get(topic);
      if (creating === undefined) {
        creating = create(topic).finally(() => pending.delete(topic));
        pending.set(topic, creating);
      }
      await creating;
    },
  };
}
