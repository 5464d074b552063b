/**
 * The labelling queue, the review of held feedback and the page of models, over a real store and server; and in a real browser,
 * where there is one (CHROMIUM_PATH, or /usr/bin/chromium).
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { learningOf, libraryOf, openShadow } from '../../app/models.ts';
import { judge } from '../../classifier/learning/gate.ts';
import { createBackend } from '../../classifier/registry.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { systemClock } from '../../core/clock.ts';
import type { Opinion } from '../../core/event.ts';
import type { Store } from '../../core/store/store.ts';
import type {
  DifferencesAnswer,
  HeldAnswer,
  LessonsAnswer,
  ModelsAnswer,
  QueueAnswer,
} from '../../dashboards/contract.ts';
import { aContext } from '../classifier/context.ts';
import { writeTinyModel } from '../classifier/tiny_model.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, tabTo, violationsOf } from './page_checks.ts';
import { MODEL } from './sample.ts';

const settingsIn = (folder: string) => ({ data_dir: folder, classifier: classifierSettings.parse({}) });
const CANDIDATE = 'tiny@2';
let desk: Desk;
let store: Store;
let opinions: readonly Opinion[];
let settings: ReturnType<typeof settingsIn>;

beforeAll(async () => {
  desk = await startDesk({
    dependencies: (given) => ({
      learning: learningOf(settingsIn(given.folder), {
        store: given.store,
        clock: systemClock,
        reference: () => null,
      }),
    }),
  });
  ({ store, opinions } = desk);
  settings = settingsIn(desk.folder);
}, 240_000);
afterAll(() => desk.close(), 60_000);
afterEach(() => desk.clear());

async function get<Answer>(path: string, status = 200): Promise<Answer> {
  const answer = await fetch(`${desk.address()}/api${path}`);
  expect(answer.status, path).toBe(status);
  return (await answer.json()) as Answer;
}

async function post(path: string, body: object): Promise<number> {
  const answer = await fetch(`${desk.address()}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

const say = (author: string, document_id: string, value: string) =>
  post('/feedback', { author, kind: 'sentiment', document_id, value });

describe('the labelling queue', () => {
  it('asks each story once, says why, and not again what this person has labelled', async () => {
    const { queue } = await get<QueueAnswer>('/learning/queue?author=Priya&limit=40');
    expect(queue).toHaveLength(40);
    expect(new Set(queue.map(({ document }) => document.story)).size).toBe(40);
    for (const { reasons } of queue) expect(reasons.length).toBeGreaterThan(0);
    expect(queue.filter(({ reasons }) => reasons.includes('sample'))).toHaveLength(5);
    expect((await get<QueueAnswer>('/learning/queue?author=Priya&limit=40')).queue).toEqual(queue);
    const [first] = queue;
    expect(await say('Priya', first?.document.document_id ?? '', 'neutral')).toBe(201);
    const ids = (await get<QueueAnswer>('/learning/queue?author=Priya&limit=40')).queue.map(
      ({ document }) => document.document_id,
    );
    expect(ids).not.toContain(first?.document.document_id);
  });

  it('asks again what was taken back', async () => {
    const queue = async (): Promise<string[]> =>
      (await get<QueueAnswer>('/learning/queue?author=Undo&limit=40')).queue.map(
        ({ document }) => document.document_id,
      );
    const before = await queue();
    const id = before[0] ?? '';
    const answer = await fetch(`${desk.address()}/api/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ author: 'Undo', kind: 'sentiment', document_id: id, value: 'neutral' }),
    });
    const { feedback } = (await answer.json()) as { feedback: { id: string } };
    expect(await queue()).not.toContain(id);
    expect(await post(`/feedback/${feedback.id}/undo`, { author: 'Undo' })).toBe(201);
    expect(await queue()).toEqual(before);
  });

  it('asks a second person about what one has labelled, and not about what one has taken back', async () => {
    const { queue } = await get<QueueAnswer>('/learning/queue?author=Wei&limit=20');
    expect(queue.filter(({ reasons }) => reasons.includes('second_opinion'))).toHaveLength(1);
  });

  it('refuses nobody as a person', async () => {
    await get('/learning/queue?limit=5', 400);
  });
});

describe('what may be learned', () => {
  it('is what people agree on; what stands out waits until a colleague of its author decides', async () => {
    const sure = opinions.find(({ sentiment_probabilities: { positive } }) => positive < 0.004)?.document.id;
    const plain = opinions[10]?.document.id ?? '';
    await say('Priya', plain, 'positive');
    await say('Wei', plain, 'positive');
    if (sure !== undefined) await say('Fan', sure, 'positive');
    for (let index = 20; index < 34; index += 1)
      await say(
        'Fan',
        opinions[index]?.document.id ?? '',
        opinions[index]?.sentiment === 'positive' ? 'negative' : 'positive',
      );
    const { lessons } = await get<LessonsAnswer>('/learning/lessons');
    const lesson = lessons.find(({ id }) => id === plain);
    expect(lesson).toMatchObject({ id: plain, sentiment: 'positive' });
    expect(lesson?.weight).toBeGreaterThan(0.2);
    const { held, analysts } = await get<HeldAnswer>('/learning/held');
    expect(analysts.map(({ author }) => author).toSorted()).toEqual(['Fan', 'Priya', 'Wei']);
    if (sure === undefined) return;
    const waiting = held.find(({ document_id }) => document_id === sure);
    expect(waiting).toMatchObject({ author: 'Fan', reason: 'against_all' });
    expect(lessons.map(({ id }) => id)).not.toContain(sure);
    const path = `/learning/held/${waiting?.id ?? ''}/review`;
    expect(await post(path, { author: 'Fan', decision: 'release' })).toBe(403);
    expect(await post(path, { author: 'Wei', decision: 'maybe' })).toBe(422);
    expect(await post('/learning/held/nosuch/review', { author: 'Wei', decision: 'release' })).toBe(404);
    expect(await post(path, { author: 'Wei', decision: 'release', reason: 'a dry joke' })).toBe(201);
    await systemClock.sleep(1100);
    expect((await get<HeldAnswer>('/learning/held')).held.map(({ id }) => id)).not.toContain(waiting?.id);
    expect((await get<LessonsAnswer>('/learning/lessons')).lessons.map(({ id }) => id)).toContain(sure);
    expect(await post(path, { author: 'Priya', decision: 'reject' })).toBe(201);
    await systemClock.sleep(1100);
    expect((await get<LessonsAnswer>('/learning/lessons')).lessons.map(({ id }) => id)).not.toContain(sure);
  });
});

describe('a candidate in shadow', () => {
  it('reads along, shows where it differs, and adds no opinion', async () => {
    const library = libraryOf(settings);
    writeTinyModel(library.folderOf(CANDIDATE), { version: '2', inverted: true });
    await library.keepVerdict({
      ...judge([], []),
      candidate: CANDIDATE,
      against: MODEL,
      at: '2026-03-01T00:00:00.000Z',
    });
    await library.point('shadow', CANDIDATE, { author: 'Wei', reason: 'to see', action: 'shadow' });
    await get('/learning/differences', 404);
    const context = aContext();
    const shadow =
      (await openShadow(settings.classifier, library, (section) => createBackend(section, context), {
        ...context,
        store,
        metrics: context.metrics.stage('classifier'),
      })) ?? expect.fail();
    shadow.see(opinions.slice(0, 100));
    const labelled = async (): Promise<number> =>
      (await store.query<{ n: number }>('SELECT count() AS n FROM shadow_labels'))[0]?.n ?? 0;
    while ((await labelled()) < 100) await systemClock.sleep(50);
    await shadow.close();
    const found = await get<DifferencesAnswer>('/learning/differences');
    expect(found).toMatchObject({ model: CANDIDATE, against: MODEL, documents: 100 });
    expect(found.sentiment).toBeGreaterThan(0);
    expect(found.sentiment).toBe(found.moves.reduce((sum, { documents }) => sum + documents, 0));
    expect(found.examples[0]?.title).not.toBe('');
    const [counted] = await store.query<{ n: number }>('SELECT count() AS n FROM opinions');
    expect(counted?.n).toBe(opinions.length);
    const { models, log: entries } = await get<ModelsAnswer>('/learning/models');
    expect(models).toMatchObject([
      { role: 'current', origin: 'shipped', verdict: null },
      { model: CANDIDATE, role: 'shadow', origin: 'learned', verdict: { promotable: false } },
    ]);
    expect(models[0]?.model).toMatch(/^tidewatch-small@/);
    expect(entries).toMatchObject([{ author: 'Wei', action: 'shadow', model: CANDIDATE, reason: 'to see' }]);
    const { queue } = await get<QueueAnswer>('/learning/queue?author=Newcomer&limit=20');
    expect(queue.some(({ reasons }) => reasons.includes('disagreement'))).toBe(true);
  });
});

/** The machine may be busy. */
const polled = <Value>(ask: () => Value | Promise<Value>) => expect.poll(ask, { timeout: 15_000 });

describe.skipIf(!hasChromium)('the pages of learning', () => {
  const saidBy = async (author: string): Promise<string[]> =>
    (
      await store.query<{ kind: string; value: string }>(
        'SELECT kind, value FROM feedback WHERE author = {author:String} ORDER BY at',
        { author },
      )
    ).map(({ kind, value }) => `${kind}: ${value === '' ? 'taken back' : value}`);

  it('label a document in two keys, skip, and take back, all without a pointer', async () => {
    const page = await desk.open('#/label', { person: 'Ines', ready: '.label-document' });
    const progress = page.locator('.label-progress');
    await polled(() => progress.textContent()).toContain('1 of 20');
    await page.keyboard.press('r');
    await page.waitForSelector('.label-topics [aria-pressed="true"]');
    await page.keyboard.press('1');
    await polled(() => progress.textContent()).toContain('2 of 20');
    await polled(() => saidBy('Ines')).toEqual(['topic: Treasuries | Corporate Debt', 'sentiment: negative']);
    await page.keyboard.press('ArrowRight');
    await polled(() => progress.textContent()).toContain('3 of 20');
    await page.keyboard.press('u');
    await page.keyboard.press('u');
    await polled(() => progress.textContent()).toContain('1 of 20');
    await polled(async () => (await saidBy('Ines')).filter((said) => said.endsWith('taken back')).length).toBe(2);
    await page.keyboard.press('Escape');
    await page.waitForSelector('main:not(.view)');
  });

  it('begin the next questions at the first of them, also after some that did not come', async () => {
    let fails = false;
    const page = await desk.open('#/label', {
      person: 'Ines',
      ready: '.label-document',
      async before(opened) {
        await opened.route(
          ({ pathname }) => pathname === '/api/learning/queue',
          (route) => (fails ? route.fulfill({ status: 503, json: {} }) : route.continue()),
        );
      },
    });
    const progress = page.locator('.label-progress');
    await polled(() => progress.textContent()).toContain('1 of 20');
    fails = true;
    for (let at = 2; at <= 20; at += 1) {
      await page.keyboard.press('ArrowRight');
      await polled(() => progress.textContent()).toContain(`${at} of 20`);
    }
    await page.keyboard.press('ArrowRight');
    await page.locator('.label-card [role="alert"]').waitFor();
    expect(await page.getByText('Nothing is left to ask you').count()).toBe(0);
    fails = false;
    await page.getByRole('button', { name: 'Try again' }).click();
    await polled(() => progress.textContent()).toContain('1 of 20');
  });

  it('read what counts as what, which stays unfolded from one question to the next', async () => {
    const page = await desk.open('#/label', { person: 'Ines', ready: '.label-document' });
    await tabTo(page, '.label-guide summary');
    await page.keyboard.press('Enter');
    await page.getByText('Irony counts by what is meant').waitFor();
    await page.keyboard.press('ArrowRight');
    await polled(() => page.locator('.label-progress').textContent()).toContain('2 of 20');
    expect(await page.getByText('Irony counts by what is meant').isVisible()).toBe(true);
  });

  it('release a held correction of a colleague by keyboard alone', async () => {
    const page = await desk.open('#/label', { person: 'Ines', ready: '.held .line-button' });
    await tabTo(page, '.held .line-button');
    await page.keyboard.press('Enter');
    await page.getByText('Released: it may be learned.').waitFor();
    const reviews = () => store.query(`SELECT decision FROM feedback_reviews WHERE author = 'Ines'`);
    await polled(reviews).toEqual([{ decision: 'release' }]);
  });

  it('ask who labels before they show anything', async () => {
    const page = await desk.open('#/label');
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByLabel('Your name').fill('Noor');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.label-document');
    await page.keyboard.press('3');
    await polled(() => saidBy('Noor')).toEqual(['sentiment: positive']);
  });

  it.each([
    ['#/label', '?lang=en', 1280],
    ['#/label', '?lang=zh', 390],
    ['#/models', '?lang=en', 1280],
    ['#/models', '?lang=zh', 390],
  ])('%s%s at %d px wide: no violation, nothing wider than the page', async (hash, query, width) => {
    const page = await desk.open(`${query}${hash}`, {
      person: 'Ines',
      viewport: { width, height: 900 },
      ready: hash === '#/label' ? '.label-document' : '.model-row',
    });
    if (hash === '#/models') await page.locator('.model-row summary').click();
    expect(await violationsOf(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await picture(page, `${hash.slice(2)}-${width}`);
  });
});
