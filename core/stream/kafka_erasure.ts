/**
 * What a Kafka log still holds of what is to be forgotten. Its records cannot be rewritten, and tombstones do not help: a
 * topic of documents is keyed by entity, so a tombstone would name other people's documents, too, and is of no effect where
 * the topic is not compacted (docs/decisions/0033-forgetting-in-kafka.md). So everything is read and counted, and each topic asked
 * until when the last of it may be there.
 */
import kafkajs, { type Admin } from 'kafkajs';
import { isoTime } from '../event.ts';
import { topicName, type KafkaStreamSettings } from './kafka_settings.ts';
import { deadLetterTopic, redrivenTopic, TOPICS, type Erasure, type Received } from './stream.ts';

/** How a topic lets go of what it holds. */
export interface Expiry {
  readonly retentionMs: number;
  /** A file is deleted as a whole: what is in it stays until the last message in it is old. */
  readonly segmentMs: number;
  readonly isDeleted: boolean;
}

export interface Reading {
  readonly settings: KafkaStreamSettings;
  readonly scan: (topic: string) => AsyncIterable<readonly Received<unknown>[]>;
  readonly expiry: (topic: string) => Promise<Expiry>;
}

/** Topics of the house, those that do not exist among them. */
function topicsOfTheHouse(): string[] {
  return Object.values(TOPICS).flatMap((topic) => [topic, deadLetterTopic(topic), redrivenTopic(topic)]);
}

/** Reads every topic up to its end of this moment. Erases nothing. */
export async function findInTopics(
  isForgotten: (topic: string, value: unknown, key: string) => boolean,
  { settings, scan, expiry }: Reading,
): Promise<Erasure> {
  let scanned = 0;
  const kept: string[] = [];
  for (const topic of topicsOfTheHouse()) {
    let found = 0;
    let newest = 0;
    for await (const messages of scan(topic)) {
      scanned += messages.length;
      for (const { key, value, appended_at } of messages) {
        if (!isForgotten(topic, value, key)) continue;
        found += 1;
        newest = Math.max(newest, appended_at);
      }
    }
    if (found > 0) kept.push(`${found} in ${topicName(settings, topic)} ${until(await expiry(topic), newest)}`);
  }
  return { scanned, erased: 0, kept: kept.length === 0 ? null : sentence(kept) };
}

function sentence(kept: readonly string[]): string {
  return `Kafka's log cannot be rewritten; there it stays: ${kept.join('; ')}. At once: kafka-delete-records.sh, which deletes all that is older along with it.`;
}

function until({ retentionMs, segmentMs, isDeleted }: Expiry, newest: number): string {
  if (!isDeleted || retentionMs < 0) return 'for ever, since the topic deletes nothing by age';
  const hours = Math.round(retentionMs / 360_000) / 10;
  return `until ${isoTime(newest + retentionMs + segmentMs)} at the latest (retention of ${hours} hours, files of ${Math.round(segmentMs / 360_000) / 10})`;
}

/** As the broker has it now, whoever made the topic. */
export async function expiryOf(admin: Admin, name: string): Promise<Expiry> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [
      { type: kafkajs.ConfigResourceTypes.TOPIC, name, configNames: ['retention.ms', 'segment.ms', 'cleanup.policy'] },
    ],
  });
  const config = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]));
  return {
    retentionMs: Number(config.get('retention.ms') ?? -1),
    segmentMs: Number(config.get('segment.ms') ?? 0),
    isDeleted: (config.get('cleanup.policy') ?? 'delete').includes('delete'),
  };
}
