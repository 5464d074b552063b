/** Searching as people type: quickly, in Chinese, and with the next choice made before the box has settled; and "/" to get there. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, type Desk } from './desk.ts';
import { startWholeDesk } from './whole_desk.ts';

describe.skipIf(!hasChromium)('the search box', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startWholeDesk();
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  const box = (page: Page) => page.locator('.filters input[type=search]');
  const queries = (): string[] =>
    desk
      .asked()
      .filter((one) => one.startsWith('/api/opinions'))
      .map((one) => new URLSearchParams(one.split('?')[1]).get('q') ?? '');

  it('keeps every letter of one who types about as quickly as it settles', async () => {
    const page = await desk.open('');
    await box(page).focus();
    for (const letter of 'quillmere software') {
      await page.keyboard.type(letter);
      await page.waitForTimeout(265);
    }
    await page.waitForURL(/q=quillmere\+software/);
    expect(await box(page).inputValue()).toBe('quillmere software');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('.search input')?.value === '');
  }, 120_000);

  it('asks nothing while an input method composes, and then for what it made; its Enter and Escape are not of the page', async () => {
    const page = await desk.open('?lang=zh');
    await box(page).focus();
    desk.asked();
    const session = await page.context().newCDPSession(page);
    const compose = async (text: string): Promise<void> => {
      const at = text.length;
      await session.send('Input.imeSetComposition', { text, selectionStart: at, selectionEnd: at });
      await page.waitForTimeout(400);
    };
    for (const pinyin of ['n', 'nu', 'nuo', "nuo'w", "nuo'wei"]) await compose(pinyin);
    expect(queries().filter(Boolean)).toEqual([]);
    expect(await box(page).inputValue()).toBe("nuo'wei");
    // The key by which it drops what it offers, as the browser tells it.
    const key = (name: string, where: string): Promise<boolean> =>
      page
        .locator(where)
        .evaluate(
          (field, one) =>
            field.dispatchEvent(
              new KeyboardEvent('keydown', { key: one, isComposing: true, bubbles: true, cancelable: true }),
            ),
          name,
        );
    await key('Escape', '.filters input[type=search]');
    await page.waitForTimeout(100);
    expect(await box(page).inputValue()).toBe("nuo'wei");
    await session.send('Input.insertText', { text: '诺维' });
    await page.waitForURL(/q=%E8%AF%BA%E7%BB%B4/);
    expect(await box(page).inputValue()).toBe('诺维');
    await expect.poll(() => queries().filter(Boolean), { timeout: 40_000 }).toEqual(['诺维']);
    await page.evaluate(() => (location.hash = '#/compare'));
    await page.locator('.entity-picker input').fill('norv');
    await page.waitForSelector('.entity-picker option', { state: 'attached' });
    await key('Enter', '.entity-picker input');
    await page.waitForTimeout(100);
    expect(page.url()).toMatch(/#\/compare$/);
    await page.locator('.entity-picker input').press('Enter');
    await page.waitForURL(/#\/compare\?entities=norvale_bank/);
  }, 120_000);

  it('undoes no choice that is made before it has settled', async () => {
    const page = await desk.open('');
    await box(page).fill('bank');
    await page.getByLabel('Sentiment', { exact: true }).selectOption('negative');
    await page.waitForURL(/q=bank/);
    await page.waitForTimeout(400);
    expect(new URL(page.url()).search).toContain('sentiment=negative');
    expect(await page.getByLabel('Sentiment', { exact: true }).inputValue()).toBe('negative');
    await box(page).fill('banks');
    await page.getByRole('button', { name: '24 h', exact: true }).click();
    await page.waitForURL(/q=banks/);
    expect(new URL(page.url()).search).toContain('range=24h');
    // A page that is left before it settles says nothing on the next one.
    await box(page).fill('nobody');
    await page.evaluate(() => (location.hash = '#/models'));
    await page.waitForSelector('main.view');
    await page.waitForTimeout(600);
    expect(page.url()).not.toContain('nobody');
  }, 120_000);

  it('is reached by "/" on every page that has one, and the page that finds everything from all others', async () => {
    const page = await desk.open('#/watchlist', { ready: '.watched li' });
    const isIn = (selector: string): Promise<unknown> =>
      page.waitForFunction((wanted) => document.activeElement?.matches(wanted) === true, selector);
    await page.keyboard.press('/');
    await isIn('.upkeep-bar input');
    expect(await page.locator('.upkeep-bar input').inputValue()).toBe('');
    await page.evaluate(() => (location.hash = '#/models'));
    await page.waitForSelector('.calibration');
    await page.locator('#content').focus();
    await page.keyboard.press('/');
    await page.waitForURL(/#\/find$/);
    await isIn('.find-form input');
    expect(await page.locator('.find-form input').inputValue()).toBe('');
    await page.evaluate(() => (location.hash = '#/'));
    await page.waitForSelector('.opinion');
    await page.keyboard.press('/');
    await isIn('.search input');
  }, 120_000);
});
