/** The pages of a company, a topic and of comparing, in a real browser: what an analyst reads, by pointer and by keyboard. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isoTime } from '../../core/event.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { coloursOn, fits, picture, shiftOf, violationsOf } from './page_checks.ts';

const NORVALE = '#/entity/norvale_bank';
const COMPARED = `#/compare?entities=${encodeURIComponent('norvale_bank,halcyon_motors,tarrowby_markets,quillmere_software')}`;

describe.skipIf(!hasChromium)('the pages of a series', () => {
  let desk: Desk;
  const today = Date.now();
  const closes = Array.from({ length: 20 }, (_, index) => ({
    day: isoTime(today - (19 - index) * 86_400_000).slice(0, 10),
    close: 42 - (index > 11 ? 6 : 0) + (index % 3) * 0.7,
  }));

  beforeAll(async () => {
    desk = await startDesk({
      dependencies: () => ({ prices: (id) => Promise.resolve(id === 'norvale_bank' ? closes : []) }),
    });
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  async function openSeries(hash: string, query = '?lang=en', options = {}): Promise<Page> {
    const page = await desk.open(`${query}${hash}`, { reducedMotion: 'reduce', ...options });
    await page.waitForSelector('.series-stories');
    await page.waitForSelector('.series-words .word-cloud', { state: 'attached' });
    await page.waitForSelector('.tide-canvas canvas');
    return page;
  }

  it('shows of a company its tide with the usual range and the price, its stories, topics, words and alerts', async () => {
    const page = await openSeries(NORVALE);
    expect(await page.textContent('.view-title h2')).toBe('Norvale Bank');
    expect(await page.title()).toBe('Norvale Bank · Tidewatch');
    const colours = await coloursOn(page, '.series-tide');
    expect(colours).toHaveLength(3);
    expect(Math.min(...colours)).toBeGreaterThan(3);
    const said = await page.getAttribute('.tide-canvas', 'aria-label');
    expect(said).toMatch(/Norvale Bank: \d+ documents/);
    expect(said).toMatch(/above its usual range (?:once|[1-9]\d* times)/);
    expect(said).toContain('closing price');
    expect(await page.locator('.series-stories li').count()).toBe(12);
    expect(await page.textContent('.series-stories li >> nth=0')).toMatch(/first: \S+/);
    expect(await page.locator('.series-alerts li').count()).toBe(1);
    expect(await page.locator('.series-split').first().locator('li').count()).toBeGreaterThan(3);
    expect(await page.locator('main').textContent()).not.toMatch(/undefined|NaN|\[object/);
    await picture(page, 'entity-light');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('tells of a topic who is named in it, in Chinese, and leads on to a company', async () => {
    const page = await openSeries(`#/topic/${encodeURIComponent('Stock Movement')}`, '?lang=zh');
    expect(await page.textContent('.view-title h2')).toBe('个股异动');
    expect(await page.locator('.tide-canvas canvas').count()).toBe(2);
    await page.locator('.series-split .link', { hasText: '诺维银行' }).click();
    await page.locator('.view-title h2', { hasText: '诺维银行' }).waitFor();
    expect(new URL(page.url()).hash).toBe(NORVALE);
    await page.goBack();
    await page.locator('.view-title h2', { hasText: '个股异动' }).waitFor();
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('is reached from the overview by keyboard alone, and left by Escape', async () => {
    const page = await desk.open('?lang=en');
    await page.waitForSelector('.entity-table tbody tr');
    const reached = (): Promise<boolean> =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Page of Norvale Bank');
    for (let step = 0; step < 80 && !(await reached()); step += 1) await page.keyboard.press('Tab');
    expect(await reached()).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.series-stories');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H2');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.opinion');
    expect(new URL(page.url()).hash).toBe('#/');
  }, 120_000);

  it('lists a few alerts first, and all of them for who asks', async () => {
    const one = (await desk.ask(`/alerts/${desk.alerts[0]?.alert_id ?? ''}`)).body as object;
    const alerts = Array.from({ length: 11 }, (_, index) => ({ ...one, alert_id: `made-${index}` }));
    const page = await desk.open(NORVALE, {
      before: async (opened) => {
        await opened.route('**/api/alerts?**', (route) => route.fulfill({ json: { alerts, next_cursor: null } }));
      },
    });
    const rows = page.locator('.series-alerts > li');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(8);
    await page.getByRole('button', { name: 'Show all 11' }).click();
    await rows.nth(10).waitFor();
  }, 90_000);

  it('says that nothing is told of a topic that nobody wrote about', async () => {
    const page = await openSeries('#/topic/IPO');
    expect(await page.textContent('.series-stories')).toContain('Nothing is told of it');
    expect(await page.textContent('.series-words')).toContain('No word stands out');
    expect(desk.complaints()).toEqual([]);
  }, 90_000);

  it.each([
    ['#/entity/nobody_at_all', '?lang=en', 'Nobody of this id is watched', 'nobody_at_all'],
    ['#/entity/nobody_at_all', '?lang=zh', '没有此主体', 'nobody_at_all'],
    ['#/topic/earnings', '?lang=en', 'There is no such topic', 'earnings'],
    ['#/topic/earnings', '?lang=zh', '没有此主题', 'earnings'],
  ])(
    'says of %s%s that there is none',
    async (hash, query, title, id) => {
      const page = await desk.open(`${query}${hash}`);
      await page.locator('.view-title h2', { hasText: title }).waitFor();
      expect(await page.title()).toBe(`${title} · Tidewatch`);
      expect(await page.textContent('main')).toContain(id);
      expect(await violationsOf(page)).toEqual([]);
      expect(desk.complaints()).toEqual([]);
    },
    90_000,
  );

  it('is never titled by an id: until the name comes it says that it loads', async () => {
    const titles: (string | null)[] = [];
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => (answer = resolve));
    const page = await desk.open(NORVALE, {
      ready: '.view-title h2',
      before: async (first) => {
        await first.route('**/api/profile?*', async (route) => {
          await held;
          await route.continue();
        });
      },
    });
    titles.push(await page.textContent('.view-title h2'), await page.title());
    answer();
    await page.locator('.view-title h2', { hasText: 'Norvale Bank' }).waitFor();
    expect(titles).toEqual(['Loading', 'Loading · Tidewatch']);
  }, 90_000);

  it('compares companies on one scale, with a name at each line, and adds and leaves out by keyboard', async () => {
    const page = await desk.open(`?lang=en${COMPARED}`, { reducedMotion: 'reduce' });
    await page.waitForSelector('.multiples li:nth-child(4)');
    expect(Math.min(...(await coloursOn(page, '.compare-canvas')))).toBeGreaterThan(6);
    expect(await page.locator('.figures-table tbody tr').count()).toBe(4);
    expect(await page.getAttribute('.compare-canvas', 'aria-label')).toContain('Quillmere Software');
    await picture(page, 'compare-light');
    await page.focus('.entity-picker input');
    await page.keyboard.type('bellw');
    await page.waitForFunction(() => document.querySelectorAll('.entity-picker option').length === 1);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.multiples li:nth-child(5)');
    expect(page.url()).toContain('bellwick_pharma');
    await page.getByRole('button', { name: 'Leave out Norvale Bank' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.multiples li').length === 4);
    expect(page.url()).not.toContain('norvale_bank');
    await page.focus('.entity-picker input');
    await page.keyboard.type('nobody');
    await page.getByText('Nobody on the watchlist is called so.').waitFor();
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('takes a chart away as CSV and as a picture', async () => {
    const page = await openSeries(NORVALE);
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV: Norvale Bank' }).click(),
    ]);
    expect(csv.suggestedFilename()).toMatch(/^tidewatch-norvale-bank-\d{4}-\d\d-\d\d\.csv$/);
    const lines = (await readFile(await csv.path(), 'utf8')).trim().split('\r\n');
    expect(lines[0]).toContain('start,documents,negative');
    expect(lines).toHaveLength(43);
    const documents = lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[1]), 0);
    expect(documents).toBe(Number(await page.locator('.figure-value').nth(1).textContent()));
    const [png] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as PNG: Norvale Bank' }).click(),
    ]);
    const bytes = await readFile(await png.path());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(bytes.length).toBeGreaterThan(10_000);
    // Width and height of the picture, out of its header.
    expect(bytes.readUInt32BE(16)).toBeGreaterThan(600);
    expect(bytes.readUInt32BE(20)).toBeGreaterThan(350);
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it.each([
    ['company, light, English', NORVALE, '?lang=en', 'light', 1440, '.series-words .word-cloud'],
    ['company, dark, Chinese, on a phone', NORVALE, '?lang=zh', 'dark', 360, '.series-words .word-cloud'],
    ['topic, dark, English', '#/topic/Earnings', '?lang=en', 'dark', 1440, '.series-words .word-cloud'],
    ['comparing, light, Chinese', COMPARED, '?lang=zh', 'light', 1440, '.multiples li:nth-child(4)'],
    ['comparing, dark, English, on a phone', COMPARED, '?lang=en', 'dark', 360, '.multiples li:nth-child(4)'],
    ['comparing nobody yet', '#/compare', '?lang=en', 'light', 1440, '.compare-choice'],
  ] as const)(
    'shuts nobody out, fits, and does not move while it loads: %s',
    async (_, hash, query, colorScheme, width, ready) => {
      const page = await desk.open(`${query}${hash}`, {
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: 'reduce',
      });
      await page.waitForSelector(ready);
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      expect((await shiftOf(page)).sum).toBeLessThan(0.01);
    },
    120_000,
  );
});
