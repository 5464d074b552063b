/** That what the page shows can be read: names in narrow tables, words in one line, links and buttons that tell what they are. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, type Desk } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';
import { startWholeDesk } from './whole_desk.ts';

const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

describe.skipIf(!hasChromium)('the page can be read', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startWholeDesk();
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  it.each([
    ['?lang=en', 'English'],
    ['?lang=zh', 'Chinese'],
  ])(
    'in the tables of %s (%s), whose names have room at every common width',
    async (query) => {
      const page = await desk.open(query);
      await page.waitForSelector('.entity-table tbody tr');
      await page.waitForSelector('.topic-table tbody tr');
      for (const width of [720, 800, 900, 1024, 1120, 1280, 1440]) {
        await page.setViewportSize({ width, height: 1000 });
        // A cell's worth of room, also where the name needs less.
        const rooms = await page.locator('.series-name').evaluateAll((cells) =>
          cells.map((cell) => {
            const [name] = cell.querySelectorAll('button');
            const others = [...cell.children].filter((part) => part !== name);
            const taken = others.reduce((sum, part) => {
              const { marginLeft, marginRight } = getComputedStyle(part);
              const auto = part.matches('.open-series') ? 0 : Number.parseFloat(marginLeft);
              return sum + part.getBoundingClientRect().width + auto + Number.parseFloat(marginRight);
            }, 0);
            return Math.round(cell.getBoundingClientRect().width - taken);
          }),
        );
        expect(Math.min(...rooms), `at ${width} pixels`).toBeGreaterThanOrEqual(90);
        expect(await fits(page)).toBe(true);
        await picture(page, `tables-${query.slice(-2)}-${width}`);
      }
    },
    120_000,
  );

  it.each(['?lang=en', '?lang=zh'])(
    'in rows whose link to the reasons stays in one line: %s',
    async (query) => {
      const page = await desk.open(query);
      for (const width of [390, 800, 1120, 1440]) {
        await page.setViewportSize({ width, height: 1000 });
        const heights = await page
          .locator('.details-link')
          .evaluateAll((links) => links.map((link) => link.getBoundingClientRect().height));
        expect(Math.max(...heights), `at ${width} pixels`).toBeLessThan(30);
        const beyond = await page
          .locator('.opinion')
          .evaluateAll((rows) => rows.map((row) => row.scrollWidth - row.clientWidth));
        expect(Math.max(...beyond), `at ${width} pixels`).toBeLessThanOrEqual(0);
      }
    },
    120_000,
  );

  it('on the watchlist, whose links do not tell themselves from words by colour alone', async () => {
    const page = await desk.open('#/watchlist', { ready: '.watched li', reducedMotion: 'reduce' });
    expect(await violationsOf(page)).toEqual([]);
  }, 120_000);

  it('on a button that cannot be pressed now', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await desk.open('#/settings', { ready: '.settings-text', colorScheme });
      const save = page.getByRole('button', { name: 'Save' });
      expect(await save.isDisabled()).toBe(true);
      expect(await contrastOf(page, await save.elementHandle())).toBeGreaterThan(4.5);
    }
  }, 120_000);

  it('in alerts with a name that has no place to break, which do not scroll sideways', async () => {
    const before = async (page: Page): Promise<void> => {
      await page.route('**/api/alerts?*', async (route) => {
        const response = await route.fetch();
        const answer = (await response.json()) as { alerts: { names: object }[] };
        for (const alert of answer.alerts) alert.names = { en: LONG, zh: LONG };
        await route.fulfill({ response, json: answer });
      });
    };
    const page = await desk.open('', { before });
    await page.waitForSelector('.alert-name');
    const beyond = await page.locator('.alerts').evaluate((card) => card.scrollWidth - card.clientWidth);
    expect(beyond).toBeLessThanOrEqual(0);
  }, 120_000);

  it('in its foot, which begins with a word while the status is still to come', async () => {
    const before = async (page: Page): Promise<void> => {
      await page.route('**/api/status', () => undefined);
    };
    const page = await desk.open('', { before });
    expect((await page.locator('.page-foot').textContent())?.trim()).toMatch(/^Times are local/);
  }, 120_000);
});

/** Contrast of an element's words against its own ground (WCAG 2). */
function contrastOf(page: Page, element: unknown): Promise<number> {
  return page.evaluate((of) => {
    const style = getComputedStyle(of as Element);
    const light = (colour: string): number => {
      const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
        const value = Number(part) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const [one, other] = [light(style.color), light(style.backgroundColor)].sort((a, b) => b - a);
    return ((one ?? 0) + 0.05) / ((other ?? 0) + 0.05);
  }, element);
}
