/**
 * Search, questions, "more like this" and "For you" in a real browser, over a real store and server. Needs Chromium; skips
 * with its reason where there is none (CHROMIUM_PATH, or /usr/bin/chromium).
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { searchRow } from '../../core/search/row.ts';
import type { SearchAnswer } from '../../dashboards/contract.ts';
import { hasChromium, startDesk, type Desk, type Visit } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';
import { ENTITIES, MODEL } from './sample.ts';

describe.skipIf(!hasChromium)('finding on the page', () => {
  const outage = (text: string): boolean => /outage|log ?in|app is down|无法登录|登录不了|崩|宕机|停机/i.test(text);
  const direction = (text: string): Int8Array => (outage(text) ? Int8Array.of(120, 10, 3) : Int8Array.of(-20, 90, -60));
  let desk: Desk;
  let entity: { en: string; zh: string } | undefined;
  /** The day on which an alert about it began. */
  let since = '';

  beforeAll(async () => {
    desk = await startDesk({
      dependencies: () => ({
        embed: (text) => Promise.resolve({ vector: direction(text), space: MODEL }),
        entitiesIn: (text) => Object.entries(ENTITIES).flatMap(([id, { words }]) => (words.test(text) ? [id] : [])),
      }),
    });
    const found = desk.opinions.map(({ document, labelled_at }) =>
      searchRow(document, labelled_at, MODEL, direction(`${document.title ?? ''} ${document.text}`)),
    );
    await desk.store.insert('search', found, 's');
    const [alert] = desk.alerts;
    entity = ENTITIES[alert?.series.entity ?? ''];
    since = (alert?.started_at ?? '').slice(0, 10);
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  const open = (address: string, visit: Visit = {}): Promise<Page> => desk.open(address, { person: 'Priya', ...visit });

  it('searches by keyboard alone, from anywhere, and opens what it found', async () => {
    const page = await open('#/story/none');
    await page.keyboard.press('s');
    await page.waitForSelector('.find-form input:focus');
    await page.keyboard.type('Halcyon recall');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.hits li');
    expect(await page.textContent('.hits li >> nth=0')).toMatch(/Halcyon/);
    expect(new URL(page.url()).hash).toBe('#/find/Halcyon%20recall');
    await page.focus('.hits a >> nth=0');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.document-text');
    // 404: the story that there is none of; 501: this server has no model to explain a document by.
    expect(desk.complaints().filter((line) => !/404|501/.test(line))).toEqual([]);
  }, 120_000);

  it('hears a key in the moment that a page is drawn', async () => {
    const page = await open('#/story/none', {
      before: async (first) => {
        await first.addInitScript(() => {
          const drawn = new MutationObserver(() => {
            if (document.querySelector('main.view') === null) return;
            drawn.disconnect();
            document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 's', bubbles: true }));
          });
          drawn.observe(document, { childList: true, subtree: true });
        });
      },
      ready: '.find-form input:focus',
    });
    expect(new URL(page.url()).hash).toBe('#/find');
  }, 120_000);

  it('finds the other language by meaning alone, and says how', async () => {
    const page = await open('#/find/outage');
    await page.waitForSelector('.hits li');
    await page.click('.find .segments button >> nth=2');
    await page.waitForFunction(
      () => document.querySelector('.find .segments button:nth-child(3)')?.getAttribute('aria-pressed') === 'true',
    );
    await page.waitForSelector('.hits li');
    expect(await page.textContent('.hits')).toMatch(/[\u4e00-\u9fff]/);
    expect(await page.textContent('.hits')).toContain('found by meaning');
    expect(await violationsOf(page)).toEqual([]);
  }, 120_000);

  it.each([
    ['en', 1280, 'Show more', /^These are the first 30 of 140 stories\./],
    ['zh', 390, '显示更多', /^以上为 140 个事件中的前 30 个。/],
  ] as const)(
    'shows the rest of what it found on demand, and says what it does not show, in %s at %d px',
    async (lang, width, more, rest) => {
      const page = await open(`?lang=${lang}#/find/norvale`, {
        viewport: { width, height: 844 },
        async before(first) {
          await first.route('**/api/search?**', async (route) => {
            const answer = (await (await route.fetch()).json()) as SearchAnswer;
            const [hit] = answer.hits;
            if (hit === undefined) throw new Error('Nothing is found about Norvale.');
            const hits = Array.from({ length: 30 }, (_, at) => ({
              ...hit,
              opinion: { ...hit.opinion, document_id: `hit-${at}` },
            }));
            await route.fulfill({ json: { ...answer, hits, total: 140 } });
          });
        },
      });
      await page.waitForSelector('.hits li');
      expect(await page.locator('.hits li').count()).toBe(20);
      expect(desk.asked().find((path) => path.startsWith('/api/search'))).toContain('limit=100');
      await page.getByRole('button', { name: more }).press('Enter');
      expect(await page.locator('.hits li').count()).toBe(30);
      expect(await page.evaluate(() => document.activeElement?.getAttribute('href'))).toBe('#/document/hit-20');
      expect(await page.getByRole('button', { name: more }).count()).toBe(0);
      expect(await page.getByText(rest).count()).toBe(1);
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      await picture(page, `find-more-${lang}`);
    },
    120_000,
  );

  it('answers a question in traditional signs', async () => {
    const page = await open(`?lang=zh#/find/${encodeURIComponent('誰最負面')}`);
    await page.waitForSelector('.facts-said li');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('answers a question with sources that the citations lead to, and a chart', async () => {
    const page = await open(`#/find/${encodeURIComponent(`Why is ${entity?.en} negative since ${since}?`)}`);
    await page.waitForSelector('.facts-said li');
    expect(await page.textContent('.answer')).toMatch(/documents about .* were negative/);
    expect(await page.textContent('.answer')).toContain('An alert began on');
    expect(await page.getAttribute('.course svg', 'aria-label')).toMatch(/%/);
    expect(await page.textContent('.course-most')).toMatch(/^columns: documents, up to \d+$/);
    for (const time of await page.locator('.course-times span').allTextContents()) expect(time).toMatch(/^\d+ \w+,? /);
    expect(await page.locator('.course-times span').count()).toBe(3);
    await page.click('.facts-said .cite >> nth=0');
    expect(await page.evaluate(() => document.activeElement?.id)).toMatch(/^cited-\d+$/);
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'ask-light');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('answers in Chinese, in the dark, at the width of a phone', async () => {
    const [, month, day] = since.split('-').map(Number);
    const words = `为什么${entity?.zh}从${month}月${day}日开始变负面？`;
    const page = await open(`?lang=zh#/find/${encodeURIComponent(words)}`, {
      colorScheme: 'dark',
      viewport: { width: 390, height: 844 },
    });
    await page.waitForSelector('.facts-said li');
    expect(await page.textContent('.answer')).toContain(`关于${entity?.zh}的`);
    expect(await fits(page)).toBe(true);
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'ask-phone-zh');
  }, 120_000);

  it("asks for the reader's yesterday, and heads documents as documents", async () => {
    const page = await open(`?lang=zh#/find/${encodeURIComponent('昨天怎么样')}`, { timezoneId: 'Asia/Shanghai' });
    await page.waitForSelector('.facts-said li');
    expect(desk.asked().find((path) => path.startsWith('/api/ask'))).toContain('time_zone=Asia%2FShanghai');
    expect(await page.textContent('.answer > p')).toMatch(/昨天.*00:00 – .*00:00/);
    expect(await page.textContent('#found-title')).toBe('文档');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('shows nothing of a hostile title but its text', async () => {
    const page = await open(`#/find/${encodeURIComponent('<img src=x onerror=alert(1)> halcyon')}`);
    await page.waitForSelector('.hits li');
    expect(await page.locator('main img').count()).toBe(0);
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('shows more like a document on its page', async () => {
    const own = desk.opinions.find(({ document }) => outage(`${document.title ?? ''} ${document.text}`));
    const page = await open(`?lang=zh#/document/${own?.document.id}`);
    await page.waitForSelector('.similar .hits li');
    expect(await page.textContent('.similar')).toContain('相似度');
    expect(await violationsOf(page)).toEqual([]);
  }, 120_000);

  it('ranks for who sits here, says why, dismisses, is turned off, and forgets', async () => {
    const page = await open('#/for-you');
    await page.waitForSelector('.for-you li');
    expect(await page.textContent('.for-you')).toContain('Because:');
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'for-you-light');
    await expect.poll(() => kinds('Priya')).toContain('shown');
    const first = await page.textContent('.for-you li >> nth=0 >> a');
    await page.focus('.for-you li:nth-child(1) .text-button');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.textContent('.for-you li >> nth=0 >> a')).not.toBe(first);
    await page.click('.for-you li >> nth=0 >> a');
    await expect.poll(() => kinds('Priya')).toEqual(expect.arrayContaining(['dismiss', 'open', 'shown']));
    await page.goto(`${desk.address()}/?lang=en#/for-you`);
    await page.waitForSelector('.for-you-head');
    await page.getByRole('button', { name: 'Turn off' }).click();
    await page.getByRole('button', { name: 'Turn on' }).waitFor();
    expect(await page.textContent('.for-you-head')).toContain('newest first');
    await page.getByRole('button', { name: 'Forget what I read' }).click();
    await expect.poll(() => kinds('Priya')).toEqual(['off']);
  }, 120_000);

  it('asks who sits here before it keeps anything', async () => {
    const page = await open('?lang=zh#/for-you', { person: null });
    expect(await page.textContent('main.view')).toContain('说明您是谁');
    expect(await violationsOf(page)).toEqual([]);
    expect(await kinds('')).toEqual([]);
  }, 120_000);

  async function kinds(author: string): Promise<string[]> {
    const rows = await desk.store.query<{ kind: string }>(
      'SELECT DISTINCT kind FROM reading WHERE author = {author:String} ORDER BY kind',
      { author },
    );
    return rows.map(({ kind }) => kind);
  }
});
