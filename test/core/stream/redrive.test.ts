import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedriving, redriveFolder, type RedriveRequest } from '../../../app/redriving.ts';
import { settingsSchema, type Settings } from '../../../app/config.ts';
import { systemClock } from '../../../core/clock.ts';
import { lockFolder } from '../../../core/lock.ts';
import { createLogger, type Logger } from '../../../core/log.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { createMemoryState } from '../../../core/state/memory.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../../core/stream/embedded.ts';
import { redrive, type RedriveFilter } from '../../../core/stream/redrive.ts';
import { deadLetterTopic, TOPICS, type DeadLetter, type Stream } from '../../../core/stream/stream.ts';
import { createIntake } from '../../../ingest/intake.ts';
import { takeRedriven } from '../../../ingest/redriven.ts';

const log = createLogger({ level: 'silent', format: 'json' });
const ALL: RedriveFilter = { stages: [], codes: [], since: null };
const { signal } = new AbortController();
let folder: string;
let settings: Settings;
let stream: Stream;

const openHere = (): Promise<Stream> =>
  openEmbeddedStream(embeddedStreamSettings.parse({}), { folder: join(folder, 'stream'), clock: systemClock, log });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-redrive-'));
  settings = settingsSchema.parse({ data_dir: folder });
  stream = await openHere();
});
afterEach(async () => {
  await stream.close();
  await rm(folder, { recursive: true, force: true });
});

const letter = (value: unknown, over: Partial<DeadLetter> = {}) => ({
  key: 'k',
  value: { stage: 'classifier', code: 'model.failed', reason: 'why', at: '2026-03-02T08:00:00.000Z', value, ...over },
});

async function all(topic: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const part of stream.scan(topic, signal)) found.push(...part.map(({ value }) => value));
  return found;
}

const asked = (over: Partial<RedriveRequest> = {}): RedriveRequest => ({
  topics: ['documents', 'opinions'],
  stages: [],
  codes: [],
  since: null,
  dry_run: false,
  ...over,
});

describe('redriving dead letters', () => {
  const run = (filter = ALL, dryRun = false) => redrive(stream, TOPICS.documents, filter, { dryRun, signal });

  it('sends each letter back to its topic once, however often it is asked', async () => {
    await stream.append(deadLetterTopic(TOPICS.documents), [letter({ n: 1 }), letter({ n: 2 })]);
    expect(await run()).toMatchObject({ found: 2, sent: { 'classifier model.failed': 2 }, sent_before: 0 });
    expect(await run()).toMatchObject({ found: 2, sent: {}, sent_before: 2 });
    expect(await all(TOPICS.documents)).toEqual([{ n: 1 }, { n: 2 }]);
    await stream.append(deadLetterTopic(TOPICS.documents), [letter({ n: 3 })]);
    expect(await run()).toMatchObject({ found: 3, sent: { 'classifier model.failed': 1 }, sent_before: 2 });
    expect(await all(TOPICS.documents)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('only counts in a dry run', async () => {
    await stream.append(deadLetterTopic(TOPICS.documents), [letter({ n: 1 })]);
    expect(await run(ALL, true)).toMatchObject({ sent: { 'classifier model.failed': 1 } });
    expect(await all(TOPICS.documents)).toEqual([]);
    expect(await run()).toMatchObject({ sent: { 'classifier model.failed': 1 } });
  });

  it('leaves letters of other stages, other codes and before the time where they are, for a later run', async () => {
    await stream.append(deadLetterTopic(TOPICS.documents), [
      letter({ n: 1 }),
      letter({ n: 2 }, { code: 'input.invalid' }),
      letter({ n: 3 }, { stage: 'other' }),
      letter({ n: 4 }, { at: '2026-03-01T08:00:00.000Z' }),
    ]);
    const filter = { stages: ['classifier'], codes: ['model.failed'], since: Date.parse('2026-03-02') };
    expect(await run(filter)).toMatchObject({ sent: { 'classifier model.failed': 1 }, not_asked_for: 3 });
    expect(await all(TOPICS.documents)).toEqual([{ n: 1 }]);
    expect(await run()).toMatchObject({ sent_before: 1, not_asked_for: 0 });
    expect(await all(TOPICS.documents)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
  });

  it('says what cannot go back: cut items, lines that are no items, what is no letter', async () => {
    const ingest = { stage: 'ingest', code: 'input.invalid' };
    await stream.append(deadLetterTopic(TOPICS.documents), [
      letter({ text: `${'x'.repeat(2000)}…` }, ingest),
      letter('a broken line', ingest),
      { key: 'k', value: 'not a letter' },
      letter({ text: 'whole' }, ingest),
    ]);
    const { sent, impossible } = await run();
    expect(sent).toEqual({ 'ingest input.invalid': 1 });
    expect(Object.values(impossible)).toEqual([1, 1, 1]);
    expect(Object.keys(impossible).join()).toMatch(/cut when it was kept.*not an item.*not a dead letter/);
    expect(await all(TOPICS.items)).toEqual([{ text: 'whole' }]);
  });

  it('takes an item in that ingest had refused, once its rule was mended', async () => {
    const intakeWith = (chars: number) =>
      createIntake({ ...settings.ingest, max_text_chars: chars }, [], {
        stream,
        state: createMemoryState(),
        clock: systemClock,
        log,
        signal,
        metrics: createMetrics().stage('ingest'),
      });
    const item = { guid: '1', text: 'A sentence that is longer than forty characters, it seems.', source: 's' };
    expect((await intakeWith(40).take('feed', [item])).refused).toHaveLength(1);
    expect(await run()).toMatchObject({ sent: { 'ingest input.too_large': 1 } });
    const stop = new AbortController();
    const taking = takeRedriven({ stream, intake: intakeWith(4000), log, signal: stop.signal });
    while ((await all(TOPICS.documents)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort(new Error('enough'));
    await taking;
    expect(await all(TOPICS.documents)).toMatchObject([{ text: item.text, feed: 'feed' }]);
  });
});

describe('tidewatch redrive', () => {
  it('opens a stopped data folder, and asks the process of a running one', async () => {
    await stream.append(deadLetterTopic(TOPICS.opinions), [letter({ n: 1 }, { stage: 'alerting' })]);
    await stream.close();
    const [documents, opinions] = await redriveFolder(settings, asked({ dry_run: true }));
    expect(documents).toMatchObject({ found: 0 });
    expect(opinions).toMatchObject({ found: 1, sent: { 'alerting model.failed': 1 } });
    stream = await openHere();
    const unlock = await lockFolder(folder, { answers: true });
    const service = createRedriving({ stream, dataDir: folder, log });
    await service.start();
    try {
      expect(await redriveFolder(settings, asked({ topics: ['opinions'] }))).toMatchObject([
        { found: 1, sent: { 'alerting model.failed': 1 } },
      ]);
      expect(await redriveFolder(settings, asked({ topics: ['opinions'] }))).toMatchObject([{ sent_before: 1 }]);
    } finally {
      await service.stop();
      await unlock();
    }
    expect(await all(TOPICS.opinions)).toEqual([{ n: 1 }]);
  });

  it('sends back to a stopped folder more than its readers may be behind, since none of them reads there', async () => {
    await stream.createGroup(TOPICS.documents, 'classifier');
    const letters = Array.from({ length: 450 }, (_, n) => letter({ n }));
    await stream.append(deadLetterTopic(TOPICS.documents), letters);
    await stream.append(deadLetterTopic(TOPICS.opinions), [letter({ n: 1 }, { stage: 'alerting' })]);
    await stream.close();
    settings = settingsSchema.parse({ data_dir: folder, stream: { type: 'embedded', max_backlog_messages: 1 } });
    const [documents, opinions] = await redriveFolder(settings, asked());
    expect(documents).toMatchObject({ topic: 'documents', sent: { 'classifier model.failed': 450 } });
    expect(opinions).toMatchObject({ topic: 'opinions', sent: { 'alerting model.failed': 1 } });
    stream = await openHere();
    expect(await all(TOPICS.documents)).toHaveLength(450);
  });

  it('is answered by a running process also while and after an answer cannot be written', async () => {
    await stream.append(deadLetterTopic(TOPICS.documents), [letter({ n: 1 })]);
    const door = join(folder, 'redrive');
    const inTheWay = join(door, 'a.answer.json.part');
    const failures: unknown[] = [];
    await mkdir(inTheWay, { recursive: true });
    await writeFile(join(door, 'a.request.json'), JSON.stringify(asked()));
    await writeFile(join(door, 'b.request.json'), JSON.stringify(asked({ topics: ['documents'], dry_run: true })));
    const service = createRedriving({
      stream,
      dataDir: folder,
      log: { info: () => undefined, error: (...said: unknown[]) => failures.push(said) } as unknown as Logger,
    });
    const answerTo = async (name: string): Promise<unknown> => {
      const path = join(door, `${name}.answer.json`);
      while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
      return JSON.parse(await readFile(path, 'utf8'));
    };
    await service.start();
    try {
      while (failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await answerTo('b')).toMatchObject({ reports: [{ topic: 'documents', found: 1 }] });
      await rm(inTheWay, { recursive: true });
      // What was sent before the answer failed, and not what a second run would find.
      expect(await answerTo('a')).toMatchObject({ reports: [{ sent: { 'classifier model.failed': 1 } }, {}] });
    } finally {
      await service.stop();
    }
    expect(await all(TOPICS.documents)).toEqual([{ n: 1 }]);
  }, 30_000);
});
