/** What is new since one last looked: the line and the dot as pure decisions, and drawn in a real browser. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readAddress } from '../../dashboards/web/address.ts';
import {
  inSight,
  isWholeList,
  lookOf,
  newSince,
  outOfSight,
  readLook,
  UNSEEN,
  type Look,
} from '../../dashboards/web/last_seen.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';
import { listRow } from './sample.ts';

const look = (published_at: string, document_id: string): Look => ({
  at: '2026-03-14T08:40:00.000Z',
  newest: { published_at, document_id },
});

describe('what is new since one last looked', () => {
  const rows = ['d', 'c', 'b', 'a'].map((id, at) => listRow(id, `2026-03-14T0${9 - at}:00:00.000Z`));

  it('stands above the row that was the newest then, or above those that are older where that one is gone', () => {
    expect(newSince(rows, look('2026-03-14T07:00:00.000Z', 'b'), true)).toEqual({ rows: 2, isLeast: false });
    expect(newSince(rows, look('2026-03-14T07:30:00.000Z', 'forgotten'), true)).toEqual({ rows: 2, isLeast: false });
  });

  it('is at least what is loaded where the line lies behind it, and all there is where nothing does', () => {
    expect(newSince(rows, look('2026-03-13T00:00:00.000Z', 'x'), true)).toEqual({ rows: 4, isLeast: true });
    expect(newSince(rows, look('2026-03-13T00:00:00.000Z', 'x'), false)).toEqual({ rows: 4, isLeast: false });
  });

  it('is nothing on the first visit, and where nothing came', () => {
    expect(newSince(rows, null, true)).toBeNull();
    expect(newSince(rows, look('2026-03-14T09:00:00.000Z', 'd'), true)).toBeNull();
    expect(newSince([], look('2026-03-14T09:00:00.000Z', 'd'), false)).toBeNull();
  });

  it('counts from a look of ten seconds, which other pages between do not lengthen', () => {
    const newest = { published_at: '2026-03-14T08:00:00.000Z', document_id: 'c' };
    const seen = outOfSight(inSight(UNSEEN, 0), 6_000);
    expect(lookOf(seen, newest, 60_000)).toBeNull();
    const again = inSight(seen, 60_000);
    expect(lookOf(again, newest, 63_000)).toBeNull();
    expect(lookOf(again, newest, 64_000)).toEqual({ at: '1970-01-01T00:01:04.000Z', newest });
    expect(lookOf(again, null, 64_000)).toBeNull();
  });

  it('moves by the list that shows all that comes, and by no filtered one', () => {
    expect(isWholeList(readAddress('?range=7d&lang=zh&alert=a'))).toBe(true);
    for (const query of ['?q=x', '?entity=a', '?language=zh', '?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z'])
      expect(isWholeList(readAddress(query)), query).toBe(false);
  });

  it('reads what was kept, and nothing else', () => {
    const kept = look('2026-03-14T08:00:00.000Z', 'c');
    expect(readLook(JSON.stringify(kept))).toEqual(kept);
    for (const other of [null, '{', 'null', '{}', '{"at":"soon","newest":{}}', '{"at":1,"newest":null}'])
      expect(readLook(other), String(other)).toBeNull();
  });
});

/** Runs in the page. */
function remember(kept: string): void {
  localStorage.setItem('tidewatch.seen', kept);
}

describe.skipIf(!hasChromium)('the line in the list', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk();
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  it.each([
    ['en', 1280, 'light', /^3 new since \d\d:\d\d$/, 'Mark as seen'],
    ['zh', 390, 'dark', /^\d\d:\d\d 以来 3 条新内容$/, '标为已看'],
  ] as const)(
    'stands below what is new until that is marked as seen: %s at %d px, %s',
    async (lang, width, colorScheme, words, mark) => {
      const page = await desk.open(`?lang=${lang}`, { viewport: { width, height: 844 }, colorScheme });
      expect(await page.locator('.seen-line, .new-dot').count()).toBe(0);
      const fourth = page.locator('.opinion').nth(3);
      const newest = {
        published_at: await fourth.locator('> time').getAttribute('datetime'),
        document_id: await fourth.getAttribute('data-document'),
      };
      // Written as the page comes, since leaving it writes another.
      await page.addInitScript(remember, JSON.stringify({ at: new Date().toISOString(), newest }));
      await page.reload();
      await page.waitForSelector('.seen-line');
      expect(await page.locator('.seen-line > span').textContent()).toMatch(words);
      expect(await page.locator('.opinion-list > li').nth(3).getAttribute('class')).toBe('seen-line');
      expect(await page.locator('.new-dot').count()).toBe(0);
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      await page.locator('.seen-line').scrollIntoViewIfNeeded();
      await picture(page, `seen-line-${lang}`);
      await page.getByRole('button', { name: mark }).click();
      await expect.poll(() => page.locator('.seen-line').count()).toBe(0);
      expect(desk.complaints()).toEqual([]);
    },
    240_000,
  );

  it('stands at the end where all that is loaded is new, and alerts that began since have a dot', async () => {
    const newest = { published_at: '2020-01-01T00:00:00.000Z', document_id: 'long-gone' };
    const page = await desk.open('?lang=zh', {
      viewport: { width: 390, height: 844 },
      before: async (first) => {
        await first.addInitScript(remember, JSON.stringify({ at: new Date().toISOString(), newest }));
      },
    });
    await page.waitForSelector('.alert .new-dot');
    await page.waitForSelector('.seen-line:last-child');
    expect(await page.locator('.seen-line > span').textContent()).toContain('40+');
    expect(await violationsOf(page)).toEqual([]);
    await picture(page, 'new-dot-zh');
  }, 120_000);

  it('is drawn for whoever hid the page after ten seconds, and not after fewer', async () => {
    const page = await desk.open('', {
      async before(first) {
        await first.addInitScript(() => {
          const kept = { hidden: false, ahead: 0 };
          Object.assign(globalThis, { kept });
          const now = Date.now.bind(Date);
          Date.now = () => now() + kept.ahead;
          Object.defineProperty(document, 'visibilityState', { get: () => (kept.hidden ? 'hidden' : 'visible') });
        });
      },
    });
    const turn = (hidden: boolean, ahead: number): Promise<string | null> =>
      page.evaluate(
        ([isHidden, ms]) => {
          const { kept } = globalThis as unknown as { kept: { hidden: boolean; ahead: number } };
          Object.assign(kept, { hidden: isHidden, ahead: ms });
          document.dispatchEvent(new Event('visibilitychange'));
          return localStorage.getItem('tidewatch.seen');
        },
        [hidden, ahead] as const,
      );
    const first = await page.locator('.opinion').first().getAttribute('data-document');
    await turn(false, 600_000);
    expect(await turn(true, 605_000)).toBeNull();
    await turn(false, 700_000);
    const kept = await turn(true, 711_000);
    expect(readLook(kept)?.newest.document_id).toBe(first);
    // Closed while it is hidden: what came meanwhile is not seen.
    await page.evaluate(() => {
      (globalThis as unknown as { kept: { ahead: number } }).kept.ahead = 800_000;
      dispatchEvent(new Event('pagehide'));
    });
    expect(await page.evaluate(() => localStorage.getItem('tidewatch.seen'))).toBe(kept);
  }, 120_000);
});
