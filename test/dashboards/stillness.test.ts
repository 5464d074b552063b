/**
 * That no page moves by itself while it loads (the Layout Instability API's sum), wide and on a phone, on a slow network, whatever
 * comes first: some answers are held back. More alerts than fit, because those that came late had pushed the page down.
 */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stableId } from '../../core/event.ts';
import { alertRow } from '../../core/store/rows.ts';
import { hasChromium, type Desk } from './desk.ts';
import { shiftOf } from './page_checks.ts';
import { pagesOf, startWholeDesk } from './whole_desk.ts';

/** web.dev calls 0.1 good; a hundredth of a screen is what nobody sees. */
const STILL = 0.01;
const WIDTHS = {
  'a screen': { width: 1440, height: 900 },
  'a tablet': { width: 800, height: 1100 },
  'a phone': { width: 390, height: 844 },
} as const;

describe.skipIf(!hasChromium)('no page moves by itself', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startWholeDesk();
    const more = Array.from({ length: 4 }, (_, copy) =>
      desk.alerts.map((alert) => ({ ...alert, alert_id: stableId(`${alert.alert_id}${copy}`) })),
    ).flat();
    await desk.store.insert('alerts', more.map(alertRow), 'more alerts');
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  /** As on a train: 150 ms there and back, 150 kB a second; and what is `wanted` comes `ms` later still. */
  const late =
    (wanted: RegExp, ms: number) =>
    async (page: Page): Promise<void> => {
      const session = await page.context().newCDPSession(page);
      await session.send('Network.enable');
      const bytes = 150 * 1024;
      const conditions = { offline: false, latency: 150, downloadThroughput: bytes, uploadThroughput: bytes };
      await session.send('Network.emulateNetworkConditions', conditions);
      await page.route(
        ({ pathname }) => wanted.test(pathname),
        async (route) => {
          await new Promise((resolve) => setTimeout(resolve, ms));
          // The page may be closed by then.
          await route.continue().catch(() => undefined);
        },
      );
    };
  async function expectStill(page: Page): Promise<void> {
    await page.waitForTimeout(1_200);
    const { sum, what } = await shiftOf(page);
    expect(sum, what.join('\n')).toBeLessThan(STILL);
  }

  it.each(
    Object.keys(WIDTHS).flatMap((width) =>
      ['alerts', 'timeline', 'opinions'].map((part) => [part, width as keyof typeof WIDTHS] as const),
    ),
  )(
    'the overview, with its %s last, on %s',
    async (part, width) => {
      const page = await desk.open('', { viewport: WIDTHS[width], before: late(new RegExp(`/api/${part}$`), 1_200) });
      for (const shown of ['.tide-canvas canvas', '.topic-table tbody tr', '.alert', '.source'])
        await page.waitForSelector(shown);
      await expectStill(page);
    },
    120_000,
  );

  it.each(['a screen', 'a phone'] as const)(
    'every other page, on %s',
    async (width) => {
      for (const { hash, shown } of pagesOf(desk)) {
        const before = late(/api\/(words|incidents|actions|differences|served)|similar/, 600);
        const page = await desk.open(hash, { viewport: WIDTHS[width], ready: shown, person: 'Priya', before });
        await page.waitForTimeout(1_200);
        const { sum, what } = await shiftOf(page);
        expect.soft(sum, `${hash}\n${what.join('\n')}`).toBeLessThan(STILL);
        await page.context().close();
      }
    },
    400_000,
  );
});
