import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Backend } from '../../classifier/backend.ts';
import { createClassifier } from '../../classifier/classifier.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { TidewatchError } from '../../core/errors.ts';
import { opinionSchema, type Document, type Opinion } from '../../core/event.ts';
import type { Service } from '../../core/lifecycle.ts';
import { openStore } from '../../core/store/registry.ts';
import type { Store } from '../../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { deadLetterTopic, TOPICS, type DeadLetter, type Received, type Stream } from '../../core/stream/stream.ts';
import { aContext } from './context.ts';
import { aReport } from './reports.ts';
import { writeTinyModel } from './tiny_model.ts';

// chdb holds one data folder a process, so the tests share a store; each takes documents of its own.
let root: string;
let store: Store;
let backend: Backend;
let stream: Stream;
let context: ReturnType<typeof aContext>;
let nextDocument = 0;
const running: Service[] = [];

const openBackend = (model: string) =>
  createBackend(classifierSettings.parse({ backend: { type: 'onnx', model, threads: 1 } }), aContext());

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tidewatch-classifier-'));
  store = await openStore({ type: 'chdb' }, { folder: join(root, 'store'), log: aContext().log });
  await store.migrate();
  backend = await openBackend(writeTinyModel(join(root, 'tiny')));
});
afterAll(async () => {
  await backend.close();
  await store.close();
  await rm(root, { recursive: true, force: true });
});
beforeEach(async () => {
  context = aContext();
  const folder = await mkdtemp(join(root, 'stream-'));
  stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), { ...context, folder });
  await stream.createGroup(TOPICS.documents, 'classifier');
  await stream.createGroup(TOPICS.opinions, 'reader');
});
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop();
  await stream.close();
});

function documents(count: number, over: Partial<Document> = {}): Document[] {
  nextDocument += count;
  return Array.from({ length: count }, (_, index) => aReport(nextDocument - count + index, over));
}

const append = (values: readonly unknown[]) =>
  stream.append(
    TOPICS.documents,
    values.map((value, index) => ({ key: `key-${index}`, value })),
  );

async function start(
  parts: { store?: Store; backend?: Backend; batch?: number; wait?: number; abstain?: number } = {},
): Promise<Service> {
  const service = createClassifier(
    {
      max_batch_documents: parts.batch ?? 16,
      max_wait_ms: parts.wait ?? 5,
      entity_sentiment: 'several',
      abstain_below: parts.abstain ?? 0,
    },
    { ...context, stream, store: parts.store ?? store, backend: parts.backend ?? backend },
  );
  running.push(service);
  await service.start();
  return service;
}

async function stop(service: Service): Promise<void> {
  running.splice(running.indexOf(service), 1);
  await service.stop();
}

/** Reads `count` messages of a topic; fails by the test's time-out if they do not come. */
async function read<Value>(topic: string, count: number): Promise<Received<Value>[]> {
  const enough = new AbortController();
  const received: Received<Value>[] = [];
  for await (const delivery of stream.subscribe<Value>(topic, 'reader', {
    maxMessages: 1000,
    maxWaitMs: 0,
    signal: enough.signal,
  })) {
    received.push(...delivery.messages);
    await delivery.acknowledge();
    if (received.length >= count) enough.abort();
  }
  return received;
}

async function countIn(table: 'documents' | 'opinions', ids: readonly string[], model = 'tiny@1'): Promise<number> {
  const [row] = await store.query<{ n: number }>(
    table === 'documents'
      ? 'SELECT count() AS n FROM documents WHERE id IN {ids:Array(String)}'
      : 'SELECT count() AS n FROM opinions WHERE document_id IN {ids:Array(String)} AND model = {model:String}',
    { ids, model },
  );
  return Number(row?.n);
}

async function metric(name: string, labels: Record<string, string> = {}): Promise<number> {
  const values = (await context.metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
  return values
    .filter((value) =>
      Object.entries({ stage: 'classifier', ...labels }).every(([key, is]) => value.labels[key] === is),
    )
    .reduce((sum, { value }) => sum + value, 0);
}

const idsOf = (values: readonly Document[]): string[] => values.map(({ id }) => id);

describe('the classifier stage', () => {
  it('hands every document on as an opinion, in order and with its key, and has stored both', async () => {
    const given = documents(50);
    await append(given);
    await start();
    const opinions = await read<Opinion>(TOPICS.opinions, 50);
    expect(opinions.map(({ value }) => value.document.id)).toEqual(idsOf(given));
    expect(opinions[7]?.key).toBe('key-7');
    for (const [index, { value }] of opinions.entries()) {
      expect(opinionSchema.parse(value)).toEqual(value);
      expect(value.sentiment).toBe(given[index]?.text.includes('loss') === true ? 'negative' : 'positive');
      expect(value.model).toBe('tiny@1');
    }
    expect(await countIn('documents', idsOf(given))).toBe(50);
    expect(await countIn('opinions', idsOf(given))).toBe(50);
    expect(await metric('tidewatch_documents_in_total')).toBe(50);
    expect(await metric('tidewatch_documents_out_total')).toBe(50);
  });

  it('labels a lone document within the deadline, without waiting for a full batch', async () => {
    await start({ batch: 1000, wait: 100 });
    const began = performance.now();
    await append(documents(1));
    await read(TOPICS.opinions, 1);
    expect(performance.now() - began).toBeLessThan(3000);
  });

  it('sends what it cannot label to the dead letters with the reason, and labels the rest', async () => {
    const [good, poison, links, better] = documents(4) as [Document, Document, Document, Document];
    await append([
      good,
      { ...poison, text: 'profit poison' },
      'not a document',
      { ...links, text: 'https://example.com/a https://example.com/b' },
      { ...better, schema_version: 99 },
      better,
    ]);
    await start();
    await stream.createGroup(deadLetterTopic(TOPICS.documents), 'reader');
    const opinions = await read<Opinion>(TOPICS.opinions, 2);
    expect(opinions.map(({ value }) => value.document.id)).toEqual([good.id, better.id]);
    const letters = (await read<DeadLetter>(deadLetterTopic(TOPICS.documents), 4)).map(({ value }) => value);
    expect(letters.map(({ code }) => code)).toEqual([
      'model.failed',
      'input.invalid',
      'input.invalid',
      'input.invalid',
    ]);
    expect(letters[0]).toMatchObject({ stage: 'classifier', value: { id: poison.id } });
    expect(letters[1]).toMatchObject({
      reason: expect.stringContaining('not a document') as string,
      value: 'not a document',
    });
    expect(letters[2]?.reason).toContain('nothing but links');
    expect(letters[3]?.reason).toContain('schema_version');
    expect(await metric('tidewatch_errors_total', { code: 'model.failed' })).toBe(1);
    expect(await metric('tidewatch_errors_total', { code: 'input.invalid' })).toBe(3);
  });

  it('waits for a store that is away, and then has every document once and in order', async () => {
    let failures = 4;
    const flaky: Store = {
      ...store,
      async insert(table, rows, token) {
        failures -= 1;
        if (failures >= 0 && failures % 2 === 0) {
          await store.insert(table, rows, token);
          throw new TidewatchError('storage.unavailable', 'the answer was lost');
        }
        if (failures >= 0) throw new TidewatchError('storage.unavailable', 'the store is away');
        await store.insert(table, rows, token);
      },
    };
    const given = documents(60);
    await append(given);
    await start({ store: flaky });
    const opinions = await read<Opinion>(TOPICS.opinions, 60);
    expect(opinions.map(({ value }) => value.document.id)).toEqual(idsOf(given));
    expect(await countIn('documents', idsOf(given))).toBe(60);
    expect(await countIn('opinions', idsOf(given))).toBe(60);
    expect(await metric('tidewatch_errors_total', { code: 'storage.unavailable' })).toBe(4);
  });

  it('hands nothing on that the store has not taken', async () => {
    const away: Store = {
      ...store,
      insert: () => Promise.reject(new TidewatchError('storage.full', 'no room')),
    };
    await append(documents(10));
    const service = await start({ store: away });
    await context.clock.sleep(400);
    expect((await stream.lag(TOPICS.opinions, 'reader')).messages).toBe(0);
    expect((await stream.lag(TOPICS.documents, 'classifier')).messages).toBe(10);
    const began = performance.now();
    await stop(service);
    expect(performance.now() - began).toBeLessThan(3000);
    await start();
    expect(await read(TOPICS.opinions, 10)).toHaveLength(10);
  });

  it('reads again when the stream refuses an acknowledgement, and repeats nothing that was handed on', async () => {
    let refusals = 1;
    const own = stream;
    stream = {
      ...own,
      async *subscribe<Value>(...parameters: Parameters<Stream['subscribe']>) {
        for await (const delivery of own.subscribe<Value>(...parameters)) {
          yield {
            messages: delivery.messages,
            async acknowledge(outputs) {
              if (delivery.messages[0]?.offset !== 0 && refusals > 0 && parameters[1] === 'classifier') {
                refusals -= 1;
                throw new TidewatchError('storage.unavailable', 'another reader took over');
              }
              await delivery.acknowledge(outputs);
            },
          };
        }
      },
    };
    const given = documents(50);
    await append(given);
    await start();
    const opinions = await read<Opinion>(TOPICS.opinions, 50);
    expect(opinions.map(({ value }) => value.document.id)).toEqual(idsOf(given));
    expect(await countIn('opinions', idsOf(given))).toBe(50);
  });

  it('waits for a model that labels nothing at all, instead of giving its documents up', async () => {
    let failures = 12;
    const broken: Backend = {
      ...backend,
      classify(texts) {
        failures -= 1;
        return failures >= 0
          ? Promise.reject(new TidewatchError('model.failed', 'out of memory'))
          : backend.classify(texts);
      },
    };
    const given = documents(8);
    await append(given);
    await stream.createGroup(deadLetterTopic(TOPICS.documents), 'reader');
    await start({ backend: broken });
    expect(await read(TOPICS.opinions, 8)).toHaveLength(8);
    expect((await stream.lag(deadLetterTopic(TOPICS.documents), 'reader')).messages).toBe(0);
  });

  it('finishes what it has in hand when it is stopped, and goes on from there', async () => {
    const given = documents(200);
    await append(given);
    const first = await start();
    await read(TOPICS.opinions, 1);
    await stop(first);
    const behind = (await stream.lag(TOPICS.documents, 'classifier')).messages;
    expect(await countIn('opinions', idsOf(given))).toBe(200 - behind);
    await start();
    while ((await stream.lag(TOPICS.documents, 'classifier')).messages > 0) await context.clock.sleep(10);
    expect(await countIn('opinions', idsOf(given))).toBe(200);
  });

  it('puts the version of a new model on what it labels, in the place of what the old one said', async () => {
    const given = documents(10);
    await append(given);
    const old = await start();
    await read(TOPICS.opinions, 10);
    await stop(old);
    const next = await openBackend(writeTinyModel(join(root, 'next'), { version: '2', inverted: true }));
    await append(given);
    const service = await start({ backend: next });
    const opinions = await read<Opinion>(TOPICS.opinions, 10);
    await stop(service);
    await next.close();
    expect(new Set(opinions.map(({ value }) => value.model))).toEqual(new Set(['tiny@2']));
    expect(opinions[0]?.value.sentiment).toBe(given[0]?.text.includes('loss') === true ? 'positive' : 'negative');
    expect(await countIn('opinions', idsOf(given), 'tiny@1')).toBe(0);
    expect(await countIn('opinions', idsOf(given), 'tiny@2')).toBe(10);
  });

  it('stores new documents of a stream that counts from the beginning again', async () => {
    const before = documents(20);
    await append(before);
    const first = await start({ batch: 20, wait: 200 });
    await read(TOPICS.opinions, 20);
    await stop(first);
    await stream.close();
    const folder = await mkdtemp(join(root, 'stream-'));
    stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), { ...context, folder });
    await stream.createGroup(TOPICS.documents, 'classifier');
    const after = documents(20);
    await append(after);
    await start({ batch: 20, wait: 200 });
    await read(TOPICS.opinions, 20);
    expect(await countIn('documents', idsOf([...before, ...after]))).toBe(40);
  });

  it('says how old the oldest waiting document is', async () => {
    await append(documents(3));
    await context.clock.sleep(50);
    const away: Store = { ...store, insert: () => Promise.reject(new TidewatchError('storage.full', 'no room')) };
    await start({ store: away });
    await expect.poll(() => metric('tidewatch_lag_seconds'), { timeout: 5000 }).toBeGreaterThan(0.5);
  });

  it('says the event, the Chinese topics and, where a text names several, the sentiment towards each entity', async () => {
    const entities = ['acme', 'borea'].map((id) => ({ id: `company_${id}`, surface: id, relevance: 100 }));
    const [several, one] = documents(2, { text: 'the fraud of acme and borea', entities }) as [Document, Document];
    await append([several, { ...one, text: 'acme 亏损', entities: entities.slice(0, 1) }]);
    await start();
    const [first, second] = (await read<Opinion>(TOPICS.opinions, 2)).map(({ value }) => value);
    expect(first).toMatchObject({ event: '涉嫌欺诈', topics_zh: [] });
    expect(second).toMatchObject({ event: '业绩下滑', topics_zh: ['公司'], entity_sentiments: [] });
    expect(first?.entity_sentiments.map(({ entity }) => entity)).toEqual(['company_acme', 'company_borea']);
    const [acme, borea] = first?.entity_sentiments ?? [];
    expect(acme?.positive).toBeGreaterThan(acme?.negative ?? 1);
    expect(borea?.negative).toBeGreaterThan(borea?.positive ?? 1);
  });

  it('marks and counts opinions below the confidence that was asked for, with their probabilities', async () => {
    const [sure, unsure] = documents(2) as [Document, Document];
    await append([
      { ...sure, text: 'loss loss loss' },
      { ...unsure, text: 'loss profit' },
    ]);
    await start({ abstain: 0.8 });
    const [first, second] = (await read<Opinion>(TOPICS.opinions, 2)).map(({ value }) => value);
    expect(first).not.toHaveProperty('abstained');
    expect(second).toMatchObject({ abstained: true, sentiment: expect.any(String) as string });
    expect(second?.sentiment_probabilities.negative).toBeCloseTo(second?.sentiment_probabilities.positive ?? 0, 4);
    expect(await metric('tidewatch_opinions_abstained_total')).toBe(1);
  });
});
