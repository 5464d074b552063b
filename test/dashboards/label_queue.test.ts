/** Labelling: which document comes next, as pure steps, and in a real browser where the server refuses, keys are held, or nobody may. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { learningOf } from '../../app/models.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { systemClock } from '../../core/clock.ts';
import { begun, goneOn, lastOf, NOTHING_ASKED, refused, takenBack } from '../../dashboards/web/label_steps.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';

const question = (document_id: string) => ({ document: { document_id } });
const [a, b, c, d] = [question('a'), question('b'), question('c'), question('d')];
const start = begun<ReturnType<typeof question>>(NOTHING_ASKED, [a, b, c]);

describe('the steps of labelling', () => {
  it('go back to the first document that was not taken, whichever answer comes first', () => {
    const third = goneOn(goneOn(start));
    expect(third.at).toBe(2);
    expect(refused(refused(third, a), b).at).toBe(0);
    expect(refused(refused(third, b), a).at).toBe(0);
  });

  it('lead past those that were taken, once the one that came back is answered', () => {
    const back = refused(goneOn(goneOn(start)), a);
    expect(goneOn(back).at).toBe(2);
    expect(goneOn(goneOn(back)).at).toBe(3);
  });

  it('take back the one that was answered last, where that led past others, and ask no other twice', () => {
    const four = begun<ReturnType<typeof question>>(NOTHING_ASKED, [a, b, c, d]);
    const jumped = goneOn(refused(goneOn(goneOn(goneOn(four))), a));
    expect([jumped.at, lastOf(jumped)]).toEqual([3, a]);
    const back = takenBack(jumped);
    expect([back.at, lastOf(back)]).toEqual([0, c]);
    expect(goneOn(back).at).toBe(3);
    const twice = takenBack(back);
    expect([twice.at, lastOf(twice)]).toEqual([2, b]);
    expect(goneOn(twice).at).toBe(0);
  });

  it('take back the last one of the documents before, and ask it first', () => {
    const through = goneOn(goneOn(goneOn(start)));
    const next = begun(through, [d, c]);
    expect([next.at, lastOf(next)]).toEqual([0, c]);
    const back = takenBack(next);
    expect(back.queue?.map(({ document }) => document.document_id)).toEqual(['c', 'd']);
    expect([back.at, lastOf(back)]).toEqual([0, null]);
  });

  it('have nothing to take back at the very first document', () => {
    expect(lastOf(start)).toBeNull();
    expect(takenBack(start)).toBe(start);
    expect(lastOf(NOTHING_ASKED)).toBeNull();
  });
});

const ANNA = { name: 'Anna Li', role: 'analyst', token: 'anna-labels-what-is-asked' };
const RITA = { name: 'Rita', role: 'reader', token: 'rita-reads-what-is-there' };
const polled = <Value>(ask: () => Value | Promise<Value>) => expect.poll(ask, { timeout: 15_000 });

describe.skipIf(!hasChromium)('the labelling queue on the page', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk({
      settings: { tokens: [ANNA, RITA] },
      dependencies: ({ store, folder }) => ({
        learning: learningOf(
          { data_dir: folder, classifier: classifierSettings.parse({}) },
          { store, clock: systemClock, reference: () => null },
        ),
      }),
    });
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  const open = (before?: (page: Page) => Promise<void>): Promise<Page> =>
    desk.open('#/label', { token: ANNA.token, ready: '.label-document', ...(before !== undefined && { before }) });
  const progress = (page: Page): Promise<string | null> => page.locator('.label-progress').textContent();
  const said = async (): Promise<number> =>
    (await desk.store.query<{ n: number }>('SELECT count() AS n FROM feedback'))[0]?.n ?? 0;

  it('stays at the first document that was not saved, and says so', async () => {
    let fails = true;
    const page = await open(async (opened) => {
      await opened.route('**/api/feedback', (route) =>
        fails ? route.fulfill({ status: 503, json: { detail: 'The store does not answer now.' } }) : route.continue(),
      );
    });
    const headline = await page.locator('.label-headline, .label-text').first().textContent();
    for (let press = 0; press < 3; press += 1) {
      await page.keyboard.press('1');
      await page.getByText('That was not saved. The store does not answer now.').waitFor();
      await polled(() => progress(page)).toContain('1 of 20');
    }
    expect(await page.locator('.label-headline, .label-text').first().textContent()).toBe(headline);
    await page.keyboard.press('1');
    await page.keyboard.press('2');
    await page.keyboard.press('3');
    await polled(() => progress(page)).toContain('1 of 20');
    fails = false;
    await page.keyboard.press('1');
    await polled(() => progress(page)).toContain('2 of 20');
  }, 120_000);

  it('labels one document by a key that is held, or by a button that Enter is held on', async () => {
    const before = await said();
    const page = await open();
    for (let press = 0; press < 8; press += 1) await page.keyboard.down('1');
    await page.keyboard.up('1');
    await polled(() => progress(page)).toContain('2 of 20');
    await polled(said).toBe(before + 1);
    await page.locator('.label-sentiments button').first().focus();
    for (let press = 0; press < 8; press += 1) await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');
    await polled(said).toBe(before + 2);
    expect(await progress(page)).toContain('3 of 20');
  }, 120_000);

  it('takes back the twentieth label when the next questions are there', async () => {
    const page = await open();
    for (let at = 2; at <= 20; at += 1) {
      await page.keyboard.press('ArrowRight');
      await polled(() => progress(page)).toContain(`${at} of 20`);
    }
    const headline = await page.locator('.label-headline, .label-text').first().textContent();
    await page.keyboard.press('2');
    await polled(() => progress(page)).toContain('1 of 20');
    await page.keyboard.press('u');
    await page.getByText('Taken back.').waitFor();
    expect(await page.locator('.label-headline, .label-text').first().textContent()).toBe(headline);
    const [last] = await desk.store.query<{ value: string }>('SELECT value FROM feedback ORDER BY at DESC LIMIT 1');
    expect(last?.value).toBe('');
  }, 120_000);

  it('leaves u to the page where there is nothing to go back to: the topic just said is taken back', async () => {
    const page = await open();
    await page.keyboard.press('r');
    await page.waitForSelector('.label-topics [aria-pressed="true"]');
    await page.keyboard.press('u');
    await page.getByText('Taken back.').waitFor();
    expect(await page.locator('.label-topics [aria-pressed="true"]').count()).toBe(0);
  }, 120_000);

  it.each([
    ['en', 1280, 'This needs a token of the role analyst.'],
    ['zh', 390, '需要“分析师”角色的令牌。'],
  ])(
    'tells a reader whose role it is, and offers no link to it, in %s at %d px',
    async (lang, width, words) => {
      const page = await desk.open(`?lang=${lang}#/label`, {
        token: RITA.token,
        ready: '.empty',
        viewport: { width, height: 844 },
      });
      expect(await page.locator('main .empty').allTextContents()).toEqual([words]);
      expect(await page.locator('.foot-links [href="#/label"]').count()).toBe(0);
      expect(desk.asked().filter((path) => path.startsWith('/api/learning/'))).toEqual([]);
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      await picture(page, `label-reader-${lang}`);
    },
    120_000,
  );
});
