import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs, { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { settingsSchema, type Settings } from '../../app/config.ts';
import type { Spoken } from '../../app/forget_answers.ts';
import { forgetFolder } from '../../app/forget_folder.ts';
import { createHearing, processId } from '../../app/hearing.ts';
import { systemClock } from '../../core/clock.ts';
import type { Document } from '../../core/event.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openState } from '../../core/state/lmdb.ts';
import { openStore } from '../../core/store/registry.ts';
import { documentRow } from '../../core/store/rows.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { kafkaStreamSettings, openKafkaStream } from '../../core/stream/kafka.ts';
import { createIntake } from '../../ingest/intake.ts';
import { eventually } from '../ingest/workbench.ts';
import { startKafkaBroker, type KafkaBroker } from '../kafka_broker.ts';

const log = pino({ level: 'silent' });
const broker = await startKafkaBroker();

if ('missing' in broker) {
  console.log(`Forgetting over Kafka is not tested: ${broker.missing}`);
  describe('forgetting over Kafka', () => {
    it.skip(`is not tested here: ${broker.missing}`, () => undefined);
  });
} else testOn(broker);

function testOn(server: KafkaBroker): void {
  afterAll(() => server.stop(), 60_000);

  describe('forgetting over Kafka', { timeout: 180_000 }, () => {
    it('counts what lies in the topics, says until when, and does not say that nothing is left', async () => {
      const path = await mkdtemp(join(tmpdir(), 'tidewatch-forget-kafka-'));
      const prefix = `${randomUUID().slice(0, 8)}.`;
      const stream = {
        type: 'kafka', brokers: server.brokers, topic_prefix: prefix, partitions: 2, replication_factor: 1,
        retention_hours: 48, dead_letter_retention_hours: 12,
      }; // prettier-ignore
      const settings = settingsSchema.parse({ data_dir: path, stream, store: { type: 'chdb' } });
      const before = Date.now();
      await fill(path, stream);
      const request = { kind: 'source', value: 'wire', outlet: null } as const;

      const counted = await forgetFolder(settings, request, { dryRun: true });
      expect(counted.before).toMatchObject({ 'stream documents': 2, 'stream documents.dead': 1 });

      const report = await forgetFolder(settings, request, { dryRun: false });
      expect(report.before).toMatchObject({ 'stream documents': 2, 'stream documents.dead': 1 });
      expect(report.after).toEqual({ 'stream documents': 2, 'stream documents.dead': 1 });
      expect(report.remaining).toBe(3);
      expect(report.kept).toContain(`2 in ${prefix}documents until `);
      expect(report.kept).toContain(`1 in ${prefix}documents.dead until `);
      expect(report.kept).toContain('retention of 48 hours, files of 24');
      expect(report.kept).toContain('retention of 12 hours, files of 12');
      const [end = ''] = /(?<=documents until )\S+/.exec(report.kept ?? '') ?? [];
      expect(Date.parse(end)).toBeGreaterThan(before + 72 * 3_600_000);
      expect(Date.parse(end)).toBeLessThan(Date.now() + 72 * 3_600_000);

      // The topic's own setting counts, whoever changed it.
      await keepForEver(`${prefix}documents`);
      const again = await forgetFolder(settings, request, { dryRun: false });
      expect(again.kept).toContain(`2 in ${prefix}documents for ever, since the topic deletes nothing by age`);

      const nobody = await forgetFolder(settings, { ...request, value: 'nobody' }, { dryRun: false });
      expect(nobody).toMatchObject({ before: {}, after: {}, remaining: 0, kept: null });
      await rm(path, { recursive: true, force: true });
    });
  });

  describe('forgetting where several processes share a Kafka', { timeout: 240_000 }, () => {
    it('reaches what the ingest of another process remembers; who is away is said, and forgets when it is back', async () => {
      const path = await mkdtemp(join(tmpdir(), 'tidewatch-forget-shared-'));
      const stream = {
        type: 'kafka', brokers: server.brokers, topic_prefix: `${randomUUID().slice(0, 8)}.`, partitions: 2, replication_factor: 1,
      }; // prettier-ignore
      const salted = { author_salt: 'one salt for all of these processes' };
      const asked = settingsSchema.parse({
        data_dir: join(path, 'asked'), stream, ingest: salted, store: { type: 'chdb' },
      }); // prettier-ignore
      const there = await openProcess(join(path, 'there'), asked);
      const away = await openProcess(join(path, 'away'), asked);
      const said = { author: 'mia_quill', source: 'birdsong', source_class: 'social' as const };
      const at = (minute: number): string => new Date(Date.UTC(2026, 2, 2, 8, minute)).toISOString();
      await there.intake.take('birds', [
        { ...said, guid: '1', text: 'Tarrowby warehouse flooded this morning, says a driver', published_at: at(1) },
        { ...said, guid: '2', author: 'tom', text: 'Bellwick opens a new clinic in Eastgate', published_at: at(2) },
      ]);
      await away.intake.take('birds', [
        { ...said, guid: '3', text: 'Nobody at Tarrowby answers the phone since last week', published_at: at(3) },
      ]);
      await there.hearing.start();
      await away.hearing.start();
      await eventually(async () => (await spokenOn(there.stream)).size === 2);
      await away.close();
      // The store that all share: here the one of the process that is asked.
      const documents = await documentsOn(there.stream);
      const store = await openStore({ type: 'chdb' }, { folder: join(path, 'asked', 'store'), log });
      await store.migrate();
      await store.insert('documents', documents.map(documentRow), 'd');
      await store.close();

      const request = { kind: 'author', value: '@Mia_Quill', outlet: null } as const;
      const report = await forgetFolder(asked, request, { dryRun: false });
      expect(report.before['store documents']).toBe(2);
      const answers = new Map(report.elsewhere.map((one) => [one.process, one]));
      expect(answers.size).toBe(2);
      // A story, the author among those seen, and the text that they alone posted.
      expect(answers.get(there.id)).toMatchObject({ roles: ['ingest'], found: 3, left: 0 });
      expect(answers.get(away.id)).toMatchObject({ roles: ['ingest'], found: null });
      const [mia, , late] = documents.toSorted((a, b) => a.published_at.localeCompare(b.published_at));
      await there.intake.take('birds', [
        { ...said, guid: '4', author: 'tom', text: 'Eastgate trams stop at noon today' },
      ]);
      const kept = there.remembered();
      expect(kept).not.toContain(mia?.id);
      expect(kept).not.toContain(mia?.author);
      expect(kept).toContain(documents.find(({ text }) => text.startsWith('Bellwick'))?.id);
      await there.close();

      const back = await openProcess(join(path, 'away'), asked);
      expect(back.id).toBe(away.id);
      expect(back.remembered()).toContain(late?.id);
      await back.hearing.start();
      await eventually(
        () => !back.remembered().includes(late?.id ?? '') && !back.remembered().includes(late?.author ?? ''),
      );
      await back.close();
      await rm(path, { recursive: true, force: true });
    });
  });

  /** A process that takes documents in, with a data folder of its own. */
  async function openProcess(path: string, { stream: settings, ingest }: Settings) {
    const { type: _, ...own } = settings as Record<string, unknown>;
    const state = await openState(join(path, 'state'));
    const stream = await openKafkaStream(kafkaStreamSettings.parse(own), { clock: systemClock, log });
    const intake = createIntake(ingest, [], {
      stream, state, clock: systemClock, log, metrics: createMetrics().stage('ingest'), signal: new AbortController().signal,
    }); // prettier-ignore
    const hearing = await createHearing({ stream, state, memory: intake, roles: ['ingest'], log, waitsFor: [] });
    const remembered = (): string =>
      JSON.stringify(['ingest_story_log', 'ingest_flood_log'].map((table) => [...state.table(table).entries()]));
    const close = async (): Promise<void> => {
      await hearing.stop();
      await stream.close();
      await state.close();
    };
    return { id: await processId(state), stream, intake, hearing, remembered, close };
  }

  async function spokenOn(stream: Stream): Promise<Set<string>> {
    const processes = new Set<string>();
    for await (const messages of stream.scan<Spoken>(TOPICS.forgetting, new AbortController().signal))
      for (const { value } of messages) processes.add(value.process);
    return processes;
  }

  async function documentsOn(stream: Stream): Promise<Document[]> {
    const documents: Document[] = [];
    for await (const messages of stream.scan<Document>(TOPICS.documents, new AbortController().signal))
      documents.push(...messages.map(({ value }) => value));
    return documents;
  }

  /** Two documents and a refused item of one feed, one document of another. */
  async function fill(path: string, settings: object): Promise<void> {
    const { type: _, ...own } = settings as Record<string, unknown>;
    const state = await openState(join(path, 'state'));
    const stream = await openKafkaStream(kafkaStreamSettings.parse(own), { clock: systemClock, log });
    const intake = createIntake({ dedupe_hours: 72, max_text_chars: 1000 }, [], {
      stream, state, clock: systemClock, log, metrics: createMetrics().stage('ingest'), signal: new AbortController().signal,
    }); // prettier-ignore
    await intake.take('wire', [
      { guid: '1', text: 'Tarrowby warehouse flooded this morning' },
      { guid: '2', text: 'Nobody at Tarrowby answers the phone' },
      { guid: '3', text: 'x'.repeat(5000) },
    ]);
    await intake.take('ledger', [{ guid: '1', text: 'Bellwick opens a new clinic in Eastgate today' }]);
    await stream.close();
    await state.close();
  }

  async function keepForEver(topic: string): Promise<void> {
    const admin = new Kafka({ brokers: server.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: [{ name: 'retention.ms', value: '-1' }],
        },
      ],
    });
    await admin.disconnect();
  }
}
