/**
 * One classifier process of bench/stream.ts and bench/line.ts: the real stage over Kafka with a backend of fixed cost, which waits as for a
 * model elsewhere. Prints a line of JSON a second: documents labelled, CPU seconds. Its argument is the JSON of Job.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { createClassifier } from '../classifier/classifier.ts';
import type { Backend } from '../classifier/backend.ts';
import { classifierSettings } from '../classifier/settings.ts';
import { systemClock } from '../core/clock.ts';
import { createLogger } from '../core/log.ts';
import { createMetrics } from '../core/metrics.ts';
import { openStore, storeSettings } from '../core/store/registry.ts';
import type { Store } from '../core/store/store.ts';
import { kafkaStreamSettings, openKafkaStream } from '../core/stream/kafka.ts';
import { TOPICS } from '../core/stream/stream.ts';
import { BAD_NEWS } from './line_load.ts';

export interface Job {
  readonly brokers: readonly string[];
  readonly prefix: string;
  readonly partitions: number;
  /** Microseconds of waiting a document. */
  readonly costUs: number;
  /** Address of the store; null for one that takes everything and keeps nothing. */
  readonly store: string | null;
  readonly batch: number;
  /** Who reads the opinions and holds the classifiers back, as in the program; null for nobody. */
  readonly reader: string | null;
}

export interface Said {
  readonly labelled: number;
  readonly cpuSeconds: number;
}

const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const log = createLogger({ level: 'warn', format: 'json' });
const clock = systemClock;
const stream = await openKafkaStream(
  kafkaStreamSettings.parse({ brokers: job.brokers, topic_prefix: job.prefix, partitions: job.partitions }),
  { clock, log },
);
if (job.reader !== null) await stream.createGroup(TOPICS.opinions, job.reader);
const nowhere = { insert: () => Promise.resolve() } as Partial<Store> as Store;
const store =
  job.store === null
    ? nowhere
    : await openStore(storeSettings.parse({ type: 'clickhouse', url: job.store }), { folder: '', log });
let labelled = 0;
const TOPIC = 'Company | Product News';
const backend: Backend = {
  model: 'fixed@1',
  labels: {
    sentiment: ['negative', 'neutral', 'positive'],
    topic: [TOPIC],
    topics_zh: [],
    event: [],
    entity_sentiment: [],
  },
  async classify(texts) {
    if (job.costUs > 0) await wait((texts.length * job.costUs) / 1000);
    labelled += texts.length;
    return texts.map((text) => ({
      ...(text.includes(BAD_NEWS)
        ? { sentiment: 'negative' as const, sentiment_probabilities: { negative: 0.9, neutral: 0.05, positive: 0.05 } }
        : { sentiment: 'neutral' as const, sentiment_probabilities: { negative: 0.1, neutral: 0.8, positive: 0.1 } }),
      topic: TOPIC,
      topic_probabilities: { [TOPIC]: 1 },
      topics_zh: [],
      event: null,
      event_probability: null,
      confidence: 0.8,
    }));
  },
  classifyEntities: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};
const settings = { ...classifierSettings.parse({}), max_batch_documents: job.batch, entity_sentiment: 'off' as const };
const stage = createClassifier(settings, { clock, log, metrics: createMetrics(), stream, store, backend });
await stage.start();
setInterval(() => {
  const { user, system } = process.cpuUsage();
  const said: Said = { labelled, cpuSeconds: (user + system) / 1e6 };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}, 1000);
