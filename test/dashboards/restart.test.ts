/**
 * A server that goes away and comes back while a page is open: each page says so, keeps what it shows, and goes on by itself when it is
 * back, without being loaded anew. What was opened in the meantime is filled then.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isoTime, type Opinion } from '../../core/event.ts';
import { opinionRow } from '../../core/store/rows.ts';
import { hasChromium, type Desk } from './desk.ts';
import { pagesOf, startWholeDesk } from './whole_desk.ts';

/** What a browser itself says of a server that is not there, and what a desk without a model answers about words. */
const EXPECTED = /ERR_(CONNECTION|EMPTY|INCOMPLETE|NETWORK)|501|404/;

describe.skipIf(!hasChromium)('a restart of the server', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startWholeDesk();
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  async function away(page: Page): Promise<void> {
    await desk.leave();
    await page.locator('.banner').waitFor();
    await page.waitForSelector('.live.is-offline');
  }
  async function back(page: Page): Promise<void> {
    await desk.comeBack();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.waitForSelector('.live.is-live');
  }
  const live = async (page: Page): Promise<void> => {
    await page.waitForSelector('.live.is-live');
    await page.evaluate(() => Object.assign(globalThis, { mark: 'the same page' }));
  };
  const isSamePage = (page: Page): Promise<boolean> =>
    page.evaluate(() => (globalThis as { mark?: string }).mark === 'the same page');

  it('is said on every page, which keeps what it shows and goes on by itself', async () => {
    const pages: Page[] = [];
    const all = pagesOf(desk);
    for (const { hash, shown } of all) {
      const page = await desk.open(hash, { ready: shown, person: 'Priya' });
      await live(page);
      pages.push(page);
    }
    await desk.leave();
    for (const [index, { name, shown }] of all.entries()) {
      const page = pages[index] ?? expect.fail(name);
      await page.locator('.banner').waitFor();
      await page.waitForSelector('.live.is-offline');
      expect(await page.locator(shown).count(), name).toBeGreaterThan(0);
    }
    await desk.comeBack();
    for (const [index, { name, shown }] of all.entries()) {
      const page = pages[index] ?? expect.fail(name);
      await page.locator('.banner').waitFor({ state: 'detached' });
      await page.waitForSelector('.live.is-live');
      await page.waitForSelector(shown);
      expect(await isSamePage(page), name).toBe(true);
    }
    expect(desk.complaints().filter((line) => !EXPECTED.test(line))).toEqual([]);
  }, 400_000);

  it('fills every page that was opened while the server was away', async () => {
    const pages: Page[] = [];
    while (pages.length < pagesOf(desk).length) {
      const page = await desk.open('', { person: 'Priya' });
      await live(page);
      pages.push(page);
    }
    await desk.leave();
    for (const [index, { name, hash, shown }] of pagesOf(desk).entries()) {
      const page = pages[index] ?? expect.fail(name);
      await page.evaluate((to) => (location.hash = to), hash);
      await page.locator('main.view').getByRole('button', { name: 'Try again' }).first().waitFor();
      expect(await page.locator(shown).count(), `${name}, while away`).toBe(0);
    }
    await desk.comeBack();
    for (const [index, { name, shown }] of pagesOf(desk).entries()) {
      const page = pages[index] ?? expect.fail(name);
      await page.locator(shown).first().waitFor();
      expect(await isSamePage(page), name).toBe(true);
    }
  }, 400_000);

  it('costs nothing of what was typed into the settings, which can be kept after it', async () => {
    const page = await desk.open('#/settings', { ready: '.settings-text' });
    await live(page);
    const area = page.locator('.settings-text');
    const typed = `# Mine.\n${await area.inputValue()}`;
    await area.fill(typed);
    await away(page);
    await back(page);
    await page.waitForTimeout(500);
    expect(await area.inputValue()).toBe(typed);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('tidewatch.yaml.before').waitFor();
  }, 180_000);

  it('takes nobody from their place: what was loaded stays, and where the page is paused nothing moves', async () => {
    const page = await desk.open('');
    await live(page);
    const rows = page.locator('.opinion');
    await page.locator('.opinions .card-foot button').click();
    await expect.poll(() => rows.count(), { timeout: 40_000 }).toBe(80);
    await away(page);
    const answered = page.waitForResponse((response) => response.url().includes('/api/opinions'));
    await back(page);
    await answered;
    await page.waitForTimeout(500);
    expect(await rows.count()).toBe(80);
    await page.locator('button.live').click();
    await page.waitForSelector('.live.is-paused');
    await desk.leave();
    await page.locator('.banner').waitFor();
    const one = desk.opinions.at(-1) ?? expect.fail('The sample is empty.');
    const now = isoTime(Date.now());
    const document = {
      ...one.document,
      id: 'while-paused',
      title: null,
      text: 'Said while it was paused.',
      published_at: now,
    };
    await desk.store.insert('opinions', [opinionRow({ ...one, labelled_at: now, document })], 'while paused');
    desk.asked();
    await desk.comeBack();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.waitForTimeout(1_500);
    expect(desk.asked().filter((path) => path.startsWith('/api/opinions'))).toEqual([]);
    expect(await page.getByText('Said while it was paused.').count()).toBe(0);
    await page.locator('button.live').click();
    await page.getByText('Said while it was paused.').waitFor();
    expect(await rows.count()).toBe(81);
  }, 180_000);

  it('brings to the page of a company what was said of it in the meantime', async () => {
    const page = await desk.open('#/entity/norvale_bank', { ready: '.series-stories li' });
    await live(page);
    const count = async (): Promise<number> => Number(await page.locator('.figure-value').nth(1).textContent());
    const before = await count();
    await away(page);
    const one = desk.opinions.find(({ document }) => document.entities.some(({ id }) => id === 'norvale_bank'));
    const now = isoTime(Date.now());
    const rows = ['a', 'b', 'c'].map((id) => {
      const { document, ...rest } = one ?? expect.fail('Nobody names Norvale Bank.');
      const copy: Opinion = {
        ...rest,
        labelled_at: now,
        document: { ...document, id: `restart-${id}`, published_at: now },
      };
      return opinionRow(copy);
    });
    await desk.store.insert('opinions', rows, 'while away');
    await back(page);
    await expect.poll(count, { timeout: 40_000 }).toBe(before + rows.length);
  }, 180_000);
});
