/**
 * Alerting over a real broker, behind classifiers that work their partitions off at different speeds: as after an outage,
 * when one of them is slow or comes back late. Its partition holds what must raise the alert.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Alert, Document, Opinion } from '../../core/event.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { kafkaStreamSettings, openKafkaStream } from '../../core/stream/kafka.ts';
import { TOPICS, type Delivery, type Stream } from '../../core/stream/stream.ts';
import { startKafkaBroker, type KafkaBroker } from '../kafka_broker.ts';
import { quietLog } from './alerts.ts';
import { HOUR, START, opinionOf } from './opinions.ts';
import { counted, openStage } from './stage.ts';

const HOURS = 6 * 24;
const INCIDENT = { entity: 'norvale', from: 4 * 24 };
const ENTITIES = [INCIDENT.entity, 'halcyon', 'quillmere', 'acme', 'globex', 'initech', 'umbrella', 'tidemark'];
const broker = await startKafkaBroker();

/** One document an entity and hour, in the order of fetching; twenty bad ones in two hours of the fifth day. */
function backlog(): Opinion[] {
  const opinions: Opinion[] = [];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const isBad = hour === INCIDENT.from || hour === INCIDENT.from + 1;
    for (const entity of ENTITIES) {
      const count = isBad && entity === INCIDENT.entity ? 10 : 1;
      for (let number = 0; number < count; number += 1) {
        const time = START + hour * HOUR + number * 60_000;
        const negative = count > 1 ? 0.95 : 0.05;
        opinions.push(opinionOf({ id: `${entity} ${hour} ${number}`, time, entities: [entity], negative }));
      }
    }
  }
  return opinions;
}

if ('missing' in broker) {
  describe('alerting over Kafka', () => {
    it.skip(`is not tested here: ${broker.missing}`, () => undefined);
  });
} else {
  console.log(`Alerting behind a backlog is tested on ${broker.kind}`);
  testBacklog(broker);
}

function testBacklog(server: KafkaBroker): void {
  let folder: string;
  let store: Store;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewatch-backlog-'));
    store = await openStore({ type: 'chdb' }, { folder: join(folder, 'store'), log: quietLog });
    await store.migrate();
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
    await rm(folder, { recursive: true });
  }, 60_000);

  const open = (prefix: string): Promise<Stream> =>
    openKafkaStream(
      kafkaStreamSettings.parse({
        brokers: server.brokers,
        topic_prefix: prefix,
        partitions: 4,
        replication_factor: 1,
        session_timeout_ms: 30_000,
      }),
      { clock: systemClock, log: quietLog },
    );

  async function until(condition: () => Promise<boolean>): Promise<void> {
    while (!(await condition())) await systemClock.sleep(50);
  }

  /** Labels everything; deliveries that hold `last` only when alerting has taken in all the others. */
  async function classify(stream: Stream, opinions: readonly Opinion[], last: string): Promise<void> {
    const byId = new Map(opinions.map((opinion) => [opinion.document.id, opinion]));
    const stop = new AbortController();
    const options = { maxMessages: 2000, maxWaitMs: 200, maxInFlight: 1000, signal: stop.signal };
    const hand = async ({ messages, acknowledge }: Delivery<Document>): Promise<void> =>
      acknowledge([
        { topic: TOPICS.opinions, messages: messages.map(({ key, value }) => ({ key, value: byId.get(value.id) })) },
      ]);
    const kept: Delivery<Document>[] = [];
    const slow = new Set<number>();
    let taken = 0;
    for await (const delivery of stream.subscribe<Document>(TOPICS.documents, 'classifier', options)) {
      const { messages } = delivery;
      taken += messages.length;
      for (const { key, partition } of messages) if (key === last) slow.add(partition);
      if (messages.some(({ partition }) => slow.has(partition))) kept.push(delivery);
      else await hand(delivery);
      if (taken < opinions.length) continue;
      await until(async () => (await stream.lag(TOPICS.opinions, 'alerting')).messages === 0);
      // Ticks go by, in which nothing waits but what the slow classifier has in hand.
      await systemClock.sleep(3000);
      for (const one of kept) await hand(one);
      stop.abort();
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.flatMap(({ messages }) => messages).length).toBeLessThan(opinions.length);
  }

  describe('alerting over Kafka', () => {
    it('raises the alert of a partition that is worked off days of event time after the others, and finds nothing late', async () => {
      const prefix = `${randomUUID().slice(0, 8)}.`;
      const [stream, classifier] = [await open(prefix), await open(prefix)];
      const opinions = backlog();
      await stream.createGroup(TOPICS.documents, 'classifier');
      await stream.createGroup(TOPICS.opinions, 'alerting');
      await stream.append(
        TOPICS.documents,
        opinions.map(({ document }) => ({ key: document.entities[0]?.id ?? '', value: document })),
      );
      const alerts: Alert[] = [];
      const settings = {
        series: ['entity'],
        detectors: [{ type: 'threshold', name: 'threshold', min_negative: 14 }],
        window_hours: 4,
        history_days: 14,
        min_history_hours: 24,
        idle_secs: 36_000,
      };
      const stage = await openStage(join(folder, 'stage'), store, {
        settings,
        around: { stream: () => stream },
        deps: { watermark: 'per_feed', onAlert: (alert) => alerts.push(alert) },
      });
      await stage.alerting.start();
      try {
        await classify(classifier, opinions, INCIDENT.entity);
        await until(async () => (await stream.lag(TOPICS.opinions, 'alerting')).messages === 0);
        await until(async () => alerts.some(({ state }) => state === 'resolved'));
        const fired = alerts.filter(({ state }) => state === 'firing').map(({ name }) => name);
        expect([...new Set(fired)]).toEqual([INCIDENT.entity]);
        expect(await counted(stage.metrics, 'tidewatch_documents_skipped_total', 'late')).toBe(0);
      } finally {
        await classifier.close();
        await stage.close();
        await stream.close();
      }
    }, 240_000);
  });
}
