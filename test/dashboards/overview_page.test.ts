/** The overview in a real browser: what it asks of the server, on a slow network too; spans of one's own; what lies in its address. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { shiftOf, violationsOf } from './page_checks.ts';

describe.skipIf(!hasChromium)('the overview', () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await startDesk();
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  async function openOverview(query = '?lang=en', options = {}): Promise<Page> {
    const page = await desk.open(query, { reducedMotion: 'reduce', ...options });
    await page.waitForSelector('.opinion');
    await page.waitForSelector('.tide-canvas canvas');
    await page.waitForSelector('.topic-table tbody tr');
    return page;
  }

  it('asks few questions for its first view, each with an end to what it may answer, and no more than a page needs', async () => {
    const page = await openOverview();
    const asked = desk.asked();
    const paths = asked.map((one) => one.split('?')[0]);
    const once = new Set(paths);
    expect(once).toEqual(
      new Set([
        '/api/alerts',
        '/api/me',
        '/api/opinions',
        '/api/series',
        '/api/silences',
        '/api/sources',
        '/api/status',
        '/api/timeline',
      ]),
    );
    // Once now and, where the live connection opened meanwhile, once more: two tables, one of all else.
    for (const path of once) {
      const most = path === '/api/series' ? 4 : 2;
      expect(paths.filter((one) => one === path).length, path).toBeLessThanOrEqual(most);
    }
    for (const one of asked.filter((path) => /opinions|series|timeline|alerts/.test(path))) {
      expect(one).toMatch(/last_secs=1209600|from=/);
    }
    expect(asked.find((one) => one.startsWith('/api/opinions'))).toContain('limit=40');
    await page.locator('.entity-table .open-series').first().click();
    await page.waitForSelector('.series-stories');
    const beside = desk.asked().map((one) => one.split('?')[0]);
    expect(beside).not.toContain('/api/opinions');
    expect(beside).not.toContain('/api/series');
    expect(beside).not.toContain('/api/sources');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('is there at once when one comes back, where it was left, without a jump', async () => {
    const page = await openOverview();
    await page.evaluate(() => scrollTo(0, 700));
    await page.locator('.opinion .details-link').nth(12).click();
    await page.waitForSelector('main.view');
    await page.goBack();
    await page.waitForSelector('.opinion');
    await page.waitForFunction(() => scrollY > 500);
    expect(await page.locator('.opinion').count()).toBe(40);
  }, 120_000);

  it('goes on in its list where one left it by keyboard', async () => {
    const page = await openOverview();
    const rowNow = (): Promise<number> =>
      page.evaluate(() => [...document.querySelectorAll('.opinion')].indexOf(document.activeElement as Element));
    for (const key of ['j', 'j', 'o']) await page.keyboard.press(key);
    await page.waitForSelector('main.view');
    await page.goBack();
    await expect.poll(rowNow, { timeout: 20_000 }).toBe(1);
    await page.keyboard.press('j');
    expect(await rowNow()).toBe(2);
    await page.keyboard.press('o');
    await page.waitForSelector('main.view');
    await page.keyboard.press('Escape');
    await expect.poll(rowNow, { timeout: 20_000 }).toBe(2);
  }, 120_000);

  it('shows no figures of another selection where those of this one fail, and keeps its own where a refresh fails', async () => {
    const page = await openOverview();
    const isAsked = ({ pathname, search }: URL): boolean =>
      /^\/api\/(timeline|alerts|opinions)$/.test(pathname) && search.includes('entity=norvale_bank');
    await page.route(isAsked, (route) => route.fulfill({ status: 503, json: {} }));
    await page.locator('.entity-table').getByRole('button', { name: 'Norvale Bank' }).click();
    await page.locator('#tide-title', { hasText: 'Norvale Bank' }).waitFor();
    for (const part of ['.tide', '.alerts', '.opinions']) await page.locator(`${part} [role="alert"]`).waitFor();
    expect(await page.locator('.tide-canvas, .alert, .opinion').count()).toBe(0);
    expect(await page.locator('.tide .exports button').count()).toBe(0);
    await page.unroute(isAsked);
    await page.locator('.tide').getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('.tide-canvas canvas');
    await page.waitForSelector('.alert');
    await page.route(isAsked, (route) => route.fulfill({ status: 503, json: {} }));
    const failed = page.waitForResponse((response) => isAsked(new URL(response.url())) && response.status() === 503);
    await page.locator('button.live').click();
    await page.locator('button.live').click();
    await failed;
    await page.waitForTimeout(300);
    expect(await page.locator('.tide-canvas canvas').count()).toBeGreaterThan(0);
    expect(await page.locator('.alert').count()).toBe(1);
    // The live connection stands, but what is shown is not live.
    await page.locator('.banner', { hasText: /as of \d\d:\d\d; trying again/ }).waitFor();
    await page.waitForSelector('.live.is-behind');
    await page.unroute(isAsked);
    await page.locator('button.live').click();
    await page.locator('button.live').click();
    await page.locator('.banner').waitFor({ state: 'detached' });
    await page.waitForSelector('.live.is-live');
  }, 120_000);

  it('shows its parts as they come on a slow network, and does not move while they do', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const before = async (slow: Page): Promise<void> => {
      const session = await slow.context().newCDPSession(slow);
      await session.send('Network.enable');
      // Slow 3G by Chrome's own reckoning: 400 ms there and back, 50 kB a second.
      const kilobytes = 50 * 1024;
      await session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 400,
        downloadThroughput: kilobytes,
        uploadThroughput: kilobytes,
      });
      await slow.route('**/api/series*', async (route) => {
        await held;
        await route.continue();
      });
    };
    const page = await desk.open('', { reducedMotion: 'reduce', before });
    await page.waitForSelector('.tide-canvas canvas');
    await page.waitForSelector('.opinion');
    expect(await page.locator('.entity-table .skeleton').count()).toBe(1);
    release();
    await page.waitForSelector('.entity-table tbody tr');
    await page.waitForSelector('.topic-table tbody tr');
    expect((await shiftOf(page)).sum).toBeLessThan(0.01);
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('shows a page more of alerts with each press, and says how many fire at least', async () => {
    const [one] = desk.alerts;
    const page = await desk.open('?lang=en', {
      before: async (opened) => {
        const page = (from: number) =>
          Array.from({ length: 200 }, (_, index) => ({ ...row, state: 'firing', alert_id: `made-${from + index}` }));
        const row = {
          ...((await desk.ask(`/alerts/${one?.alert_id ?? ''}`)).body as object),
        };
        await opened.route('**/api/alerts?**', (route) => {
          const isFirst = !route.request().url().includes('cursor=');
          const body = {
            alerts: page(isFirst ? 0 : 200).slice(0, isFirst ? 200 : 7),
            next_cursor: isFirst ? 'c' : null,
          };
          return route.fulfill({ json: body });
        });
      },
    });
    const badge = page.locator('.alerts .card-head .badge');
    await badge.waitFor();
    expect(await badge.textContent()).toBe('200+ Firing');
    await page.locator('.more-alerts').click();
    await page.locator('.more-alerts').waitFor({ state: 'detached' });
    expect(await badge.textContent()).toBe('207 Firing');
    expect(await page.locator('.alert').count()).toBe(207);
  }, 120_000);

  it('reads a link with plain days, and titles a company of which nothing was said by its name', async () => {
    const day = (before: number): string => new Date(Date.now() - before * 86_400_000).toLocaleDateString('sv');
    await openOverview(`?lang=en&from=${day(6)}&to=${day(0)}`);
    expect(desk.complaints()).toEqual([]);
    const quiet = '?lang=zh&entity=norvale_bank&from=2020-01-01&to=2020-01-02';
    const page = await desk.open(quiet, { ready: '.tide-canvas, .tide .empty' });
    await page.locator('#tide-title', { hasText: '诺维银行' }).waitFor();
    expect(await page.title()).toBe('诺维银行 · Tidewatch');
  }, 120_000);

  it('takes a span by from and to, by keyboard alone, and refuses one that runs backward', async () => {
    const page = await openOverview();
    const opener = page.getByRole('button', { name: 'From … to' });
    await opener.focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.range-form input:focus');
    const [day, before] = [3, 9].map((ago) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10));
    await page.getByLabel('From', { exact: true }).fill(`${day}T06:00`);
    await page.getByLabel('To', { exact: true }).fill(`${before}T06:00`);
    await page.keyboard.press('Enter');
    await page.getByText('The end must be after the start.').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel('From', { exact: true }).fill(`${before}T06:00`);
    await page.getByLabel('To', { exact: true }).fill(`${day}T06:00`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/from=.*&to=/);
    const { searchParams } = new URL(page.url());
    const length = Date.parse(searchParams.get('to') ?? '') - Date.parse(searchParams.get('from') ?? '');
    expect(length).toBe(6 * 86_400_000);
    expect(await page.locator('.range-form').count()).toBe(0);
    await opener.press('Enter');
    await page.waitForSelector('.range-form input:focus');
    await page.keyboard.press('Escape');
    await page.locator('.range-form').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('From … to');
  }, 120_000);

  it('lists what is in a bar that is clicked, in its own span, until that is taken away', async () => {
    const page = await openOverview();
    const over = page.locator('.tide-canvas .u-over').last();
    const box = (await over.boundingBox()) ?? expect.fail('The chart has no size.');
    await over.click({ position: { x: box.width * 0.6, y: 80 } });
    await page.waitForURL(/list_from=.*&list_to=/);
    const { searchParams } = new URL(page.url());
    const [from, to] = ['list_from', 'list_to'].map((name) => Date.parse(searchParams.get(name) ?? ''));
    await page.waitForFunction(() => {
      const rows = document.querySelectorAll('.opinion').length;
      return rows > 0 && rows < 40;
    });
    const times = await page
      .locator('.opinion > time')
      .evaluateAll((found) => found.map((time) => Date.parse((time as HTMLTimeElement).dateTime)));
    expect(times.every((at) => at >= (from ?? 0) && at < (to ?? 0))).toBe(true);
    // The chart keeps the whole span, and the heading is where one looks.
    expect(searchParams.get('from')).toBeNull();
    expect(await page.locator('#opinions-title').evaluate((title) => title.getBoundingClientRect().top)).toBeLessThan(
      950,
    );
    await page.getByRole('button', { name: /List the whole span again/ }).click();
    await page.waitForFunction(() => document.querySelectorAll('.opinion').length === 40);
    expect(page.url()).not.toContain('list_from');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('keeps order, length and the way of finding in the address, so that a link shows the same', async () => {
    const page = await openOverview();
    await page.locator('.entity-table thead').getByRole('button', { name: 'Negative' }).click();
    await page.waitForURL(/entity_sort=share/);
    await page
      .locator('.topic-table')
      .getByRole('button', { name: /Show all/ })
      .click();
    await page.waitForURL(/all=topic/);
    const rows = await page.locator('.topic-table tbody tr').count();
    expect(rows).toBeGreaterThan(8);
    const first = await page.textContent('.entity-table tbody tr >> nth=0 >> button');
    const { search } = new URL(page.url());
    const shared = await openOverview(search);
    expect(await shared.locator('.topic-table tbody tr').count()).toBe(rows);
    expect(await shared.textContent('.entity-table tbody tr >> nth=0 >> button')).toBe(first);
    expect(await shared.getAttribute('.entity-table th.share', 'aria-sort')).toBe('descending');
    await shared.goto(shared.url().replace(/[#?].*$/, '?lang=en&by=meaning#/find/outage'));
    await shared.locator('.find .segments button[aria-pressed="true"]', { hasText: 'Meaning' }).waitFor();
  }, 120_000);

  it('brings earlier opinions once, however often one asks, and takes the list away as CSV', async () => {
    const page = await openOverview();
    await page.evaluate(() => {
      const more = [...document.querySelectorAll<HTMLButtonElement>('.opinions .card-foot button')][0];
      more?.click();
      more?.click();
      more?.click();
    });
    await page.waitForFunction(() => document.querySelectorAll('.opinion').length === 80);
    const links = await page
      .locator('.opinion .details-link')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href')));
    expect(new Set(links).size).toBe(80);
    expect(desk.asked().filter((one) => one.includes('cursor=')).length).toBe(1);
    const [csv] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download as CSV: Latest opinions' }).click(),
    ]);
    const text = await readFile(await csv.path(), 'utf8');
    expect(text.startsWith('\uFEFFpublished_at,source,')).toBe(true);
    await page.getByText(/^\d+ rows written\.$/).waitFor();
    const said = (await page.textContent('.opinions .exports [role=status]')) ?? '';
    expect(text.trim().split('\r\n').length - 1).toBeGreaterThanOrEqual(Number(said.replace(/\D/g, '')));
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('offers the whole watchlist in a correction, also whom nobody named in the span', async () => {
    const page = await desk.open('?lang=en&q=Quillmere', { reducedMotion: 'reduce', person: 'Priya' });
    await page.waitForSelector('.opinion');
    const row = page.locator('.opinion').first();
    await row.locator('.correct-button').press('Enter');
    await row.getByLabel('Add an entity').fill('lumen');
    await page.waitForFunction(() => document.querySelectorAll('.opinion datalist option').length === 1);
    await row.getByLabel('Add an entity').press('Enter');
    await row.locator('.corrections', { hasText: 'Lumenfjord Energy' }).waitFor();
    const stored = await desk.store.query<{ value: string }>(`SELECT value FROM feedback WHERE kind = 'entities'`);
    expect(stored[0]?.value).toContain('lumenfjord_energy');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);
});
