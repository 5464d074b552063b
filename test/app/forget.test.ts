import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetFolder } from '../../app/forget_folder.ts';
import { createRemoving } from '../../app/removing.ts';
import { workFolder } from '../../app/unfinished_training.ts';
import { settingsSchema, type Settings } from '../../app/config.ts';
import { systemClock } from '../../core/clock.ts';
import type { Document } from '../../core/event.ts';
import { lockFolder } from '../../core/lock.ts';
import { createMetrics } from '../../core/metrics.ts';
import { searchRow } from '../../core/search/row.ts';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import { openStore } from '../../core/store/registry.ts';
import { alertRow, documentRow, opinionRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { TOPICS, type Stream } from '../../core/stream/stream.ts';
import { createIntake, type Intake } from '../../ingest/intake.ts';
import { exampleAlert, exampleOpinion } from '../contracts/store.ts';

/** A data folder as a running Tidewatch leaves it, made by the real stream, store, state and intake. */
interface Folder {
  readonly stream: Stream;
  readonly store: Store;
  readonly state: State;
  readonly intake: Intake;
  close(): Promise<void>;
}

const log = pino({ level: 'silent' });
let path: string;
let settings: Settings;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'tidewatch-forget-'));
  settings = settingsSchema.parse({ data_dir: path, stream: { type: 'embedded' }, store: { type: 'chdb' } });
});
afterEach(() => rm(path, { recursive: true, force: true }));

async function openFolder(): Promise<Folder> {
  const state = await openState(join(path, 'state'));
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), {
    folder: join(path, 'stream'),
    clock: systemClock,
    log,
  });
  await stream.createGroup(TOPICS.documents, 'classifier');
  await stream.createGroup(TOPICS.opinions, 'alerting');
  const store = await openStore({ type: 'chdb' }, { folder: join(path, 'store'), log });
  await store.migrate();
  const { signal } = new AbortController();
  const metrics = createMetrics().stage('ingest');
  const intake = createIntake(settings.ingest, [], { stream, state, clock: systemClock, log, metrics, signal });
  const close = async (): Promise<void> => {
    await store.close();
    await stream.close();
    await state.close();
  };
  return { stream, store, state, intake, close };
}

const SECRET = 'Tarrowby warehouse secretly flooded, says a driver who was there this morning';
const post = (guid: string, author: string, text: string) => ({
  guid,
  author,
  text,
  source: 'birdsong',
  source_class: 'social' as const,
  published_at: '2026-03-02T08:00:00Z',
});

/** The stages read all that waits for them. */
async function readAll(stream: Stream): Promise<void> {
  for (const [topic, group] of [[TOPICS.documents, 'classifier'], [TOPICS.opinions, 'alerting']] as const) {
    const stop = new AbortController();
    for await (const delivery of stream.subscribe(topic, group, { maxMessages: 100, maxWaitMs: 0, signal: stop.signal })) {
      await delivery.acknowledge();
      if ((await stream.lag(topic, group)).messages === 0) stop.abort();
    }
  } // prettier-ignore
}

async function documentsIn(stream: Stream): Promise<Document[]> {
  const found: Document[] = [];
  await stream.erase((topic, value) => {
    if (topic === TOPICS.documents) found.push(value as Document);
    return false;
  });
  return found;
}

/** Three posts by two authors, labelled, in an alert, in a dead letter, and in what alerting remembers. */
async function fill(): Promise<Document[]> {
  const folder = await openFolder();
  const { stream, store, state, intake } = folder;
  await intake.take('social', [
    post('1', '@Mia_Quill', SECRET),
    post('2', 'mia_quill', 'Nobody at Tarrowby answers the phone, third day in a row now'),
    post('3', 'tom', 'Bellwick opens a new clinic in Eastgate today, long overdue'),
  ]);
  await intake.take('social', [{ ...post('4', 'mia_quill', 'x'.repeat(30_000)), html: false }]);
  const documents = await documentsIn(stream);
  const opinions = documents.map((document) => exampleOpinion(0, { document }));
  await stream.append(
    TOPICS.opinions,
    opinions.map((value) => ({ key: value.document.id, value })),
  );
  await store.insert('documents', documents.map(documentRow), 'd');
  await store.insert('opinions', opinions.map(opinionRow), 'o');
  const evidence = documents.map((one) => ({
    id: one.id, story: one.story, source: one.source, author: one.author, url: null, title: one.text,
    language: one.language, published_at: one.published_at, negative: 0.9, copies: 0,
  })); // prettier-ignore
  await store.insert('alerts', [alertRow(exampleAlert({ documents: evidence }))], 'a');
  await state.table('notify.queue').put('q', { notifier: 'slack', alert: { alert_id: 'a', documents: evidence } });
  const observations = documents.map((one) => ({
    id: one.id, story: one.story, author: `${one.source}\n${one.author}`, lane: one.feed, time: 1, negative: 0.9,
    shown: { source: one.source, author: one.author, title: one.text },
  })); // prettier-ignore
  await state.table('alerting.series').put('entity:tarrowby', { waiting: observations, buckets: [{ start: 0 }] });
  await folder.close();
  return documents;
}

async function rawFiles(): Promise<string> {
  const parts = await Promise.all(['stream', 'state'].map((part) => readFile(join(path, part, 'data.mdb'), 'latin1')));
  return parts.join('\n');
}

describe('forgetting in a stopped folder', { timeout: 60_000 }, () => {
  it('an author, by the name that the source used, leaves nothing of theirs and everything of others', async () => {
    const documents = await fill();
    expect(await rawFiles()).toContain(SECRET);
    const report = await forgetFolder(
      settings,
      { kind: 'author', value: 'Mia_Quill', outlet: null },
      { dryRun: false },
    );
    expect(report.before).toMatchObject({
      'store documents': 2, 'store opinions': 2, 'store alerts': 1, 'stream documents': 2, 'stream opinions': 2,
      'stream documents.dead': 1, 'state notify.queue': 2, 'state alerting.series': 2, 'state ingest_flood_log': 3,
      'state ingest_story_log': 2,
    }); // prettier-ignore
    expect(report).toMatchObject({ after: {}, remaining: 0, raw: 0, kept: null });
    const raw = await rawFiles();
    expect(raw).not.toContain(SECRET);
    expect(raw).not.toContain(documents[0]?.author);
    expect(raw).toContain('Bellwick opens a new clinic');

    const { store, stream, state, close } = await openFolder();
    expect((await documentsIn(stream)).map(({ text }) => text)).toEqual([documents[2]?.text]);
    const [alert] = await store.query<{ body: string }>('SELECT body FROM alerts');
    expect(alert?.body).not.toContain(SECRET);
    expect(alert?.body).toContain('Bellwick opens');
    expect(await store.query('SELECT document_id FROM opinions')).toEqual([{ document_id: documents[2]?.id }]);
    const [audit] = await store.query<Record<string, unknown>>('SELECT * FROM removals');
    expect(audit).toMatchObject({ kind: 'author', taken_by: 'operator', remaining: 0 });
    expect(JSON.stringify(audit)).not.toMatch(/mia_quill|flooded/i);
    expect(JSON.stringify(state.table('alerting.series').get('entity:tarrowby'))).toContain('Bellwick opens');
    // A reader finds the places of what was erased empty, and goes on behind them.
    const read: number[] = [];
    const stop = new AbortController();
    for await (const delivery of stream.subscribe(TOPICS.documents, 'classifier', {
      maxMessages: 1,
      maxWaitMs: 0,
      signal: stop.signal,
    })) {
      read.push(...delivery.messages.map(({ offset }) => offset));
      await delivery.acknowledge();
      if (read.length > 0) stop.abort();
    }
    expect(read).toEqual([2]);
    await close();
  });

  it('a document stays forgotten when its feed shows it again', async () => {
    const [first] = await fill();
    const id = first?.id ?? '';
    const report = await forgetFolder(settings, { kind: 'document', value: id, outlet: null }, { dryRun: false });
    expect(report.before).toMatchObject({ 'store documents': 1, 'stream documents': 1, 'store alerts': 1 });
    expect(report).toMatchObject({ after: {}, raw: 0 });
    const { intake, close } = await openFolder();
    expect(await intake.take('social', [post('1', '@Mia_Quill', SECRET)])).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    await close();
  });

  it('a source takes its documents with it, and a second time there is nothing', async () => {
    await fill();
    const request = { kind: 'source', value: 'birdsong', outlet: null } as const;
    const counted = await forgetFolder(settings, request, { dryRun: true });
    expect(counted).toMatchObject({ dry_run: true, audit: null });
    expect(counted.before['store documents']).toBe(3);
    const report = await forgetFolder(settings, request, { dryRun: false });
    expect(report.before).toEqual(counted.before);
    expect(report.after).toEqual({});
    expect((await forgetFolder(settings, request, { dryRun: false })).before).toEqual({});
  });

  it('what people said of a document and what search knows of it go where retention has taken the document', async () => {
    const documents = await fill();
    const folder = await openFolder();
    const { store } = folder;
    const at = '2026-03-02T08:00:00.000Z';
    const search = documents.map((one) => searchRow(one, at, '', null));
    await store.insert('search', search, 's');
    const feedback = documents.map(({ id }) => ({
      id: `f ${id}`, at, kind: 'sentiment', author: 'ana', via: 'page', document_id: id, alert_id: '', value: 'positive',
      reason: 'Mia is wrong', takes_back: '', model: 'm', model_value: 'negative',
    })); // prettier-ignore
    await store.insert('feedback', feedback, 'f');
    await store.command('TRUNCATE TABLE documents');
    await folder.close();
    const request = { kind: 'author', value: 'mia_quill', outlet: null } as const;
    const report = await forgetFolder(settings, request, { dryRun: false });
    expect(report.before).toMatchObject({ 'store opinions': 2, 'store search': 2, 'store feedback': 2 });
    expect(report).toMatchObject({ after: {}, remaining: 0 });
    const left = await openFolder();
    for (const table of ['opinions', 'search', 'feedback'])
      expect(await left.store.query(`SELECT document_id FROM ${table}`)).toEqual([{ document_id: documents[2]?.id }]);
    await left.close();
  });
});

describe('forgetting what was refused', { timeout: 120_000 }, () => {
  it('finds an item without a source of its own by its feed and by its address, and leaves others', async () => {
    const folder = await openFolder();
    const url = 'https://wire.example/flood';
    const long = { title: SECRET, text: 'x'.repeat(30_000), html: false };
    await folder.intake.take('wire', [
      { guid: '1', url, ...long },
      { guid: '2', ...long },
    ]);
    const broken = { code: 'input.invalid', reason: 'Line 7 is no JSON.', value: `{"text":"${SECRET}` } as const;
    await folder.intake.take('lines', [], { refused: [broken] });
    await folder.intake.take('ledger', [
      { guid: '1', title: 'Bellwick opens a new clinic', text: long.text, html: false },
    ]);
    await folder.close();
    const remove = async (kind: 'document' | 'source', value: string) =>
      forgetFolder(settings, { kind, value, outlet: null }, { dryRun: false });
    const letters = { 'stream documents.dead': 1 };
    expect(await remove('document', url)).toMatchObject({ before: letters, after: {}, remaining: 0 });
    expect(await remove('source', 'wire')).toMatchObject({ before: letters, after: {}, remaining: 0 });
    expect(await remove('source', 'lines')).toMatchObject({ before: letters, after: {}, remaining: 0 });
    const raw = await rawFiles();
    expect(raw).not.toContain(SECRET);
    expect(raw).toContain('Bellwick opens a new clinic');
  });
});

describe('forgetting in a folder in use', { timeout: 60_000 }, () => {
  it('is done by the process that has it; what was on its way does not come back', async () => {
    const documents = await fill();
    const unlock = await lockFolder(path, { answers: true });
    const folder = await openFolder();
    const { stream, store, state, intake } = folder;
    const removing = createRemoving({
      stream, store, state, dataDir: path, authors: settings.ingest, log,
      memory: intake, takes: true, elsewhere: () => Promise.resolve([]),
    }); // prettier-ignore
    await removing.start();
    const asked = forgetFolder(settings, { kind: 'author', value: 'mia_quill', outlet: 'birdsong' }, { dryRun: false });
    // The classifier had the document in hand, and stores it behind the first pass.
    await systemClock.sleep(3_500);
    const late = documents.filter(({ text }) => text === SECRET);
    await store.insert('documents', late.map(documentRow), 'late');
    await readAll(stream);
    const report = await asked;
    expect(report).toMatchObject({ remaining: 0, after: {} });
    expect(report.before['store documents']).toBe(2);
    expect(await store.query('SELECT id FROM documents')).toEqual([{ id: documents[2]?.id }]);
    // What the running process remembered of the author's texts is not written back with the next batch.
    await intake.take('social', [post('5', 'tom', 'Eastgate trams stop at noon, says the board at the station')]);
    const rows = state.table<[string, unknown][]>('ingest_story_log').entries();
    const stories = new Set(Array.from(rows, ({ value }) => value.map(([key]) => key)).flat());
    for (const { id, author } of documents) expect(stories.has(`s${id}`)).toBe(author === documents[2]?.author);
    await removing.stop();
    await folder.close();
    await unlock();
  });

  it('is not held up by a request that cannot be read: it is answered with why, and the next one is done', async () => {
    const folder = await openFolder();
    const requests = join(path, 'forget');
    await mkdir(requests);
    await writeFile(join(requests, '0.request.json'), '');
    await writeFile(join(requests, '1.request.json'), '{"kind":"everything","value":"作者","outlet":null}');
    // Nor by an answer that cannot be written.
    await writeFile(join(requests, '00.request.json'), '');
    await mkdir(join(requests, '00.answer.json', 'in the way'), { recursive: true });
    const unlock = await lockFolder(path, { answers: true });
    const removing = createRemoving({
      ...folder, dataDir: path, authors: settings.ingest, log,
      memory: folder.intake, takes: true, elsewhere: () => Promise.resolve([]),
    }); // prettier-ignore
    await removing.start();
    // What a killed training left goes too, by whoever asks.
    const work = workFolder(join(path, 'models'), '1-learned.1');
    await mkdir(work, { recursive: true });
    const report = await forgetFolder(settings, { kind: 'source', value: 'none', outlet: null }, { dryRun: false });
    expect(report).toMatchObject({ before: {}, remaining: 0, trainings: { removed: [work], in_use: [] } });
    const answers = (await readdir(requests)).filter((name) => /^[01]\.answer/.test(name));
    expect(answers.toSorted()).toEqual(['0.answer.json', '1.answer.json']);
    for (const name of answers) {
      expect(JSON.parse(await readFile(join(requests, name), 'utf8'))).toEqual({
        error: expect.stringContaining('The request cannot be read') as string,
      });
    }
    await removing.stop();
    await folder.close();
    await unlock();
  });

  it('tells who asked why the process that has the folder could not', async () => {
    const unlock = await lockFolder(path, { answers: true });
    const requests = join(path, 'forget');
    await mkdir(requests);
    const asked = forgetFolder(settings, { kind: 'source', value: 'none', outlet: null }, { dryRun: false });
    const refused = expect(asked).rejects.toMatchObject({ code: 'storage.unavailable', message: 'Of another version' });
    for (;;) {
      const request = (await readdir(requests)).find((name) => name.endsWith('.request.json'));
      if (request !== undefined) {
        const answer = join(requests, request.replace('.request.', '.answer.'));
        await writeFile(answer, JSON.stringify({ error: 'Of another version' }));
        break;
      }
      await systemClock.sleep(20);
    }
    await refused;
    await unlock();
  });

  it('is answered, with what there was before, by the next process where the first one is stopped', async () => {
    await fill();
    const folder = await openFolder();
    const { stream, state } = folder;
    const requests = join(path, 'forget');
    await mkdir(requests);
    await writeFile(join(requests, 'a.request.json'), '{"kind":"source","value":"birdsong","outlet":null}');
    const start = async () => {
      const removing = createRemoving({
        ...folder, dataDir: path, authors: settings.ingest, log,
        memory: folder.intake, takes: true, elsewhere: () => Promise.resolve([]),
      }); // prettier-ignore
      await removing.start();
      return removing;
    };
    const until = async (done: () => boolean): Promise<void> => {
      for (let tries = 0; !done() && tries < 300; tries += 1) await systemClock.sleep(100);
      expect(done()).toBe(true);
    };
    const first = await start();
    // Taken, and carried out once; done it is when the classifier has read what came before.
    await until(() => [...state.table<{ before: unknown }>('removals.open').entries()].some((row) => row.value.before));
    expect(await readdir(requests)).toEqual([]);
    await first.stop();
    await readAll(stream);
    const second = await start();
    await until(() => existsSync(join(requests, 'a.answer.json')));
    const answer = JSON.parse(await readFile(join(requests, 'a.answer.json'), 'utf8')) as Record<string, unknown>;
    expect(answer).toMatchObject({ before: { 'store documents': 3 }, after: {}, elsewhere: [] });
    await second.stop();
    expect([...state.table('removals.open').entries()]).toEqual([]);
    await folder.close();
  });

  it('honours what an origin deleted: a post, and a whole account', async () => {
    const documents = await fill();
    const folder = await openFolder();
    const { stream, store, state, intake } = folder;
    const removing = createRemoving({
      stream,
      store,
      state,
      dataDir: path,
      authors: settings.ingest,
      log,
      memory: intake,
      takes: true,
      elsewhere: () => Promise.resolve([]),
    });
    await stream.createGroup(TOPICS.removals, 'removal');
    await intake.take('social', [], {
      removed: [
        { guid: '3', source: 'birdsong', reason: 'deleted' },
        { guid: 'never seen', source: 'birdsong', reason: 'deleted' },
        { author: 'mia_quill', source: 'birdsong', reason: 'account_deleted' },
      ],
    });
    expect((await stream.lag(TOPICS.removals, 'removal')).messages).toBe(2);
    await removing.start();
    const left = async (): Promise<number> =>
      (await store.query<{ n: number }>('SELECT count() AS n FROM documents'))[0]?.n ?? -1;
    for (let tries = 0; (await left()) > 0 && tries < 100; tries += 1) await systemClock.sleep(100);
    expect(await left()).toBe(0);
    expect(await documentsIn(stream)).toEqual([]);
    expect(documents).toHaveLength(3);
    await removing.stop();
    await folder.close();
  });
});
