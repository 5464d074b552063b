/**
 * The page in a real browser, over a real store and server: what an analyst sees and does. Needs Chromium; skips with
 * its reason where there is none (CHROMIUM_PATH, or /usr/bin/chromium).
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isoTime } from '../../core/event.ts';
import { opinionRow } from '../../core/store/rows.ts';
import type { ExplainAnswer } from '../../dashboards/contract.ts';
import { hasChromium, startDesk, type Desk, type Visit } from './desk.ts';
import { coloursOn, fits, violationsOf } from './page_checks.ts';
import { MODEL } from './sample.ts';

describe.skipIf(!hasChromium)('the page', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk({
      dependencies: () => ({
        sources: () => [
          {
            name: 'example',
            type: 'file',
            status: 'failing',
            reason: 'The file cannot be read.',
            last_success_at: null,
            last_item_at: isoTime(Date.now() - 120_000),
            items: 710,
            next_attempt_at: null,
          },
        ],
        explain: (read) => Promise.resolve(explained(read)),
      }),
    });
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  async function open(query = '?lang=en', visit: Visit = {}): Promise<Page> {
    const page = await desk.open(query, visit);
    await page.waitForSelector('.tide-canvas canvas');
    return page;
  }

  async function feedbackOn(target: string): Promise<string[]> {
    const rows = await desk.store.query<{ author: string; value: string; takes_back: string }>(
      `SELECT author, value, takes_back != '' AS back FROM feedback
       WHERE document_id = {target:String} OR alert_id = {target:String} ORDER BY at`,
      { target },
    );
    return rows.map(({ author, value }) => `${author}: ${value === '' ? 'taken back' : value}`);
  }

  async function drip(id: string, text: string): Promise<void> {
    const [first] = desk.opinions;
    if (first === undefined) throw new Error('The sample is empty.');
    const now = isoTime(Date.now());
    const document = { ...first.document, id, title: null, text, published_at: now };
    await desk.store.insert('opinions', [opinionRow({ ...first, document, labelled_at: now })], id);
  }

  it('shows opinions, series, alerts, sources and a chart with something on it, without a complaint', async () => {
    const page = await open();
    expect(await page.locator('.opinion').count()).toBe(40);
    expect(await page.locator('.entity-table tbody tr').count()).toBe(8);
    expect(await page.locator('.alert').count()).toBe(3);
    expect(await page.locator('.source-reason').textContent()).toContain('The file cannot be read.');
    await page.waitForTimeout(300);
    const colours = await coloursOn(page, '.tide-canvas');
    expect(colours).toHaveLength(2);
    expect(Math.min(...colours)).toBeGreaterThan(3);
    expect(await page.title()).toBe('Tidewatch');
    expect(desk.complaints()).toEqual([]);
  }, 90_000);

  it('shows what arrives without a reload, and holds still while the pointer is in the list', async () => {
    const page = await open();
    await page.waitForSelector('.live.is-live');
    await drip('page-live-1', 'A first thing just happened.');
    await page.getByText('A first thing just happened.').waitFor();
    await page.locator('.opinion').nth(2).hover();
    await drip('page-live-2', 'A second thing just happened.');
    await page.getByRole('button', { name: 'Show 1 new' }).waitFor();
    expect(await page.getByText('A second thing just happened.').count()).toBe(0);
    await page.getByRole('button', { name: 'Show 1 new' }).click();
    await page.getByText('A second thing just happened.').waitFor();
    expect(desk.complaints()).toEqual([]);
  }, 90_000);

  it('stands still when paused and catches up when resumed', async () => {
    const page = await open();
    await page.waitForSelector('.live.is-live');
    await page.locator('button.live').click();
    await page.waitForSelector('.live.is-paused');
    await drip('page-paused', 'Nobody sees this yet.');
    await page.waitForTimeout(2_500);
    expect(await page.getByText('Nobody sees this yet.').count()).toBe(0);
    await page.locator('button.live').click();
    await page.getByText('Nobody sees this yet.').waitFor();
  }, 90_000);

  it('opens an alert with its evidence by keyboard alone, starting at the skip link', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    for (let step = 0; step < 40; step += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.classList.contains('alert-head'))) break;
    }
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
    expect(outline).toBe('solid');
    await page.keyboard.press('Enter');
    await page.locator('.evidence li').first().waitFor();
    expect(await page.locator('.alert-head[aria-expanded="true"]').count()).toBe(1);
    expect(await page.locator('.evidence li').count()).toBe(8);
    expect(await page.locator('.history li').count()).toBe(3);
    expect(page.url()).toMatch(/alert=[0-9a-f]{32}/);
    const link = page.locator('.evidence a').first();
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    expect(await link.getAttribute('href')).toMatch(/^https:\/\//);
  }, 90_000);

  it('skips to the content of the page that is open, and stays on it', async () => {
    const page = await desk.open(`#/alert/${desk.alerts[0]?.alert_id ?? ''}`);
    await page.waitForSelector('.steps li');
    const before = page.url();
    await page.locator('.skip').focus();
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    expect(page.url()).toBe(before);
    expect(await page.locator('main.view .steps').count()).toBe(1);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  }, 90_000);

  it('selects a series by its row, filters everything by it, and Back undoes that', async () => {
    const page = await open();
    await page.locator('.entity-table').getByRole('button', { name: 'Norvale Bank' }).click();
    await page.waitForURL(/entity=norvale_bank/);
    await page.locator('#tide-title', { hasText: 'Norvale Bank' }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll('.alert').length === 1);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.opinion')].every((item) =>
        item.querySelector('.opinion-labels')?.textContent?.includes('Norvale Bank'),
      ),
    );
    await page.goBack();
    await page.locator('#tide-title', { hasText: 'Tide of opinion' }).waitFor();
  }, 90_000);

  it('zooms to a span dragged on the chart, and back', async () => {
    const page = await open();
    const box = await page.locator('.tide-canvas .u-over').first().boundingBox();
    if (box === null) throw new Error('The chart has no size.');
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/from=.*&to=/);
    const { searchParams } = new URL(page.url());
    const days = (Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '')) / 86_400_000;
    expect(days).toBeCloseTo(14 * 0.2, 0);
    await page.getByRole('button', { name: 'Chosen span' }).click();
    expect(page.url()).not.toContain('from=');
    expect(desk.complaints()).toEqual([]);
  }, 90_000);

  it('switches the language of texts, names, numbers and of the document', async () => {
    const page = await open();
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('heading', { name: '舆情潮汐' }).waitFor();
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    expect(page.url()).toContain('lang=zh');
    expect(await page.locator('.entity-table').textContent()).toContain('诺维银行');
    expect(await page.locator('.alerts').textContent()).toContain('触发中');
    expect(desk.complaints()).toEqual([]);
  }, 90_000);

  it('follows the system into the dark, and a chosen theme wins and is kept', async () => {
    const page = await open('?lang=en', { colorScheme: 'dark' });
    const ground = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await ground()).toBe('rgb(12, 19, 25)');
    await page.locator('button.theme').click();
    expect(await ground()).toBe('rgb(243, 245, 246)');
    await page.reload();
    await page.waitForSelector('.opinion');
    expect(await ground()).toBe('rgb(243, 245, 246)');
  }, 90_000);

  it('searches with "/" and filters, with the view in the address', async () => {
    const page = await open();
    await page.keyboard.press('/');
    await page.keyboard.type('quillmere');
    await page.waitForURL(/q=quillmere/);
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.opinion-body')];
      return rows.length > 0 && rows.every((row) => /quillmere/i.test(row.textContent ?? ''));
    });
    await page.getByLabel('Sentiment', { exact: true }).selectOption('positive');
    await page.waitForFunction(() => {
      const rows = [...document.querySelectorAll('.opinion .sentiment')];
      return rows.every((row) => row.classList.contains('positive'));
    });
    await page.getByRole('searchbox', { name: 'Search' }).fill('no such words anywhere');
    await page.getByText('Nothing matches.').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.opinion').length === 40);
    expect(page.url()).not.toContain('q=');
  }, 90_000);

  it('fits a phone of 360 pixels without scrolling sideways, in both languages', async () => {
    for (const lang of ['en', 'zh']) {
      const page = await open(`?lang=${lang}`, {
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        isMobile: true,
      });
      await page.locator('.alert-head').first().tap();
      await page.locator('.evidence li').first().waitFor();
      expect(await fits(page)).toBe(true);
      expect(await page.evaluate(() => innerWidth)).toBe(360);
    }
  }, 90_000);

  it('shows text from outside as text, whatever it holds', async () => {
    await drip('page-markup', '<img src=x onerror="document.title=\'owned\'"> <b>bold</b> javascript:alert(1)');
    const page = await open();
    await page.getByText('<b>bold</b>').waitFor();
    expect(await page.title()).toBe('Tidewatch');
    expect(await page.locator('.opinion img, .opinion b').count()).toBe(0);
  }, 90_000);

  it('says so when the server is gone, and recovers by itself when it is back', async () => {
    const page = await open();
    await page.waitForSelector('.live.is-live');
    await desk.leave();
    await page.locator('.banner').waitFor();
    expect(await page.locator('.opinion').count()).toBe(40);
    await drip('page-while-away', 'This happened while the server was away.');
    await desk.comeBack();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.getByText('This happened while the server was away.').waitFor();
  }, 90_000);

  it('takes a verdict by one click, asks once who says it, adds a reason, and takes it back', async () => {
    const page = await open();
    await page.locator('.alert-head').first().click();
    await page.getByRole('button', { name: 'Noise' }).click();
    await page.getByLabel('Your name').fill('Priya');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.locator('.alert-line .badge', { hasText: 'Noise' }).waitFor();
    await page.getByLabel('Reason').fill('planned upkeep');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('.said q', { hasText: 'planned upkeep' }).waitFor();
    await page.locator('.reason').getByRole('button', { name: 'Undo' }).click();
    await page.locator('.reason').waitFor({ state: 'detached' });
    const id = new URL(page.url()).searchParams.get('alert') ?? '';
    expect(await feedbackOn(id)).toEqual(['Priya: noise', 'Priya: noise', 'Priya: taken back']);
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it("corrects a sentiment by keyboard, shows the model's label beside, keeps it over a reload, and takes it back", async () => {
    const page = await open();
    await page.evaluate(() => localStorage.setItem('tidewatch.person', 'Wei'));
    await page.reload();
    await page.waitForSelector('.opinion');
    const row = page.locator('.opinion', { has: page.locator('.sentiment.negative') }).first();
    const link = await row.locator('.details-link').getAttribute('href');
    const id = decodeURIComponent(link?.split('/').at(-1) ?? '');
    const same = page.locator('.opinion', { has: page.locator(`[href="${link ?? ''}"]`) });
    await row.focus();
    await page.keyboard.press('2');
    await same.locator('.model-label', { hasText: 'model: Negative' }).waitFor();
    await page.reload();
    await same.locator('.corrections', { hasText: 'Neutral instead of Negative, says Wei' }).waitFor();
    await same.locator('.correct-button').focus();
    await page.keyboard.press('Enter');
    await same.locator('.correction select').first().selectOption('Dividend');
    await same.locator('.corrections', { hasText: 'Dividend' }).waitFor();
    await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
    await same.locator('.corrections', { hasText: 'Dividend' }).waitFor({ state: 'detached' });
    await same.locator('.corrections').getByRole('button', { name: 'Undo' }).click();
    await same.locator('.corrections').waitFor({ state: 'detached' });
    expect(await feedbackOn(id)).toEqual(['Wei: neutral', 'Wei: Dividend', 'Wei: taken back', 'Wei: taken back']);
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('asks who says it once, though what was said is taken back at once', async () => {
    const page = await desk.open(`#/alert/${desk.alerts[0]?.alert_id ?? ''}`);
    await page.getByRole('button', { name: 'Silence for 2 hours' }).click();
    await page.getByLabel('Your name').fill('Priya');
    await page.keyboard.press('Enter');
    await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
    await page.getByText('The silence is over').waitFor();
    expect(await page.locator('dialog').count()).toBe(0);
    await page.locator('.silences li').waitFor({ state: 'detached' });
  }, 120_000);

  it('opens an alert by its address in Chinese, step by step, and ends, silences and acknowledges from there', async () => {
    const alert = desk.alerts[0];
    const id = alert?.alert_id ?? '';
    const page = await desk.open(`?lang=zh#/alert/${id}`, { person: 'Priya' });
    await page.getByRole('heading', { name: '诺维银行' }).waitFor();
    await page.waitForSelector('.steps li');
    expect(await page.locator('.steps > li').count()).toBe(6);
    expect(await page.locator('.steps').textContent()).toContain('预计约 0.4% 为误报');
    expect(await page.locator('main').textContent()).not.toMatch(/undefined|NaN|\[object/);
    expect(await page.title()).toContain('诺维银行');
    await page.getByRole('button', { name: '结束', exact: true }).click();
    await page.getByText('请说明结束的原因').waitFor();
    await page.getByLabel('备注').fill('已恢复');
    await page.getByRole('button', { name: '确认', exact: true }).click();
    await page.locator('.said', { hasText: '已恢复' }).waitFor();
    await page.getByRole('button', { name: '静默 2 小时' }).click();
    await page.getByText('已静默 2 小时').waitFor();
    const [silence] = await desk.store.query<{ body: string }>(`SELECT body FROM actions WHERE kind = 'silence'`);
    expect(silence?.body).toContain('norvale_bank');
    await page.locator('.evidence .more').first().click();
    await page.locator('.weighted .for').first().waitFor();
    await page.keyboard.press('Escape');
    await page.waitForSelector('.tide-canvas canvas');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it.each([
    ['alert, light, English', 'alert', '?lang=en', 'light', 1440],
    ['alert, dark, Chinese, on a phone', 'alert', '?lang=zh', 'dark', 360],
    ['story, dark, English', 'story', '?lang=en', 'dark', 1440],
    ['document with its keys sheet, light, Chinese', 'document', '?lang=zh', 'light', 1440],
  ] as const)(
    'has no accessibility violation on a page: %s',
    async (_, kind, query, colorScheme, width) => {
      const copied = desk.opinions.find(({ document }) => document.novelty < 50)?.document;
      const ids = { alert: desk.alerts[0]?.alert_id, story: copied?.story, document: copied?.id };
      const page = await desk.open(`${query}#/${kind}/${ids[kind] ?? ''}`, {
        person: 'Priya',
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: 'reduce',
      });
      await page.waitForSelector(
        kind === 'alert' ? '.steps li' : kind === 'story' ? '.spread circle' : '.weighted .for',
      );
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      if (kind !== 'document') return;
      await page.keyboard.press('?');
      await page.waitForSelector('dialog[open]');
      expect(await violationsOf(page)).toEqual([]);
    },
    90_000,
  );

  it.each([
    ['light, English', '?lang=en', 'light', 1440],
    ['dark, Chinese', '?lang=zh', 'dark', 1440],
    ['on a phone', '?lang=en', 'light', 360],
  ] as const)(
    'has no accessibility violation: %s',
    async (_, query, colorScheme, width) => {
      const page = await open(query, { colorScheme, viewport: { width, height: 900 }, reducedMotion: 'reduce' });
      await page.locator('.alert-head').first().click();
      await page.locator('.evidence li').first().waitFor();
      expect(await violationsOf(page)).toEqual([]);
    },
    90_000,
  );
});

/** Weights by rule: this test is about showing them. */
function explained(read: string): ExplainAnswer {
  const words = [...read.matchAll(/[\p{L}\p{N}]{2,8}/gu)].slice(0, 12).map(({ 0: word, index }) => ({
    word,
    start: index,
    end: index + word.length,
    weight: index % 3 === 1 ? -0.4 : 1.2,
  }));
  return { label: 'negative', probability: 0.91, method: 'shapley', text: read, words, model: MODEL };
}
