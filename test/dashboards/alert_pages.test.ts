/** Alerts of every measure in a real browser, in the list and on their pages; and a process that reads no sources itself. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sourceAlert } from '../../alerting/source_alerts.ts';
import { isoTime, stableId, type Alert } from '../../core/event.ts';
import { alertRow } from '../../core/store/rows.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, violationsOf } from './page_checks.ts';

const hourAgo = isoTime(Date.now() - 3_600_000);
const silent = sourceAlert({
  at: hourAgo,
  name: 'wire',
  type: 'rss',
  status: 'dead',
  reason: 'It answers 410.',
  usual_per_hour: 12,
});

describe.skipIf(!hasChromium)('an alert', () => {
  let desk: Desk;
  let volume: Alert;
  let divergence: Alert;
  beforeAll(async () => {
    desk = await startDesk({ dependencies: () => ({ sources: () => null }) });
    const [first] = desk.alerts;
    if (first === undefined || silent === null) throw new Error('The sample is empty.');
    const fired = { ...first, revision: 1, state: 'firing', started_at: hourAgo, at: hourAgo } as const;
    volume = { ...fired, alert_id: stableId('volume'), detector: 'volume', measure: 'stories', observed: 31 };
    divergence = {
      ...fired,
      alert_id: stableId('divergence'),
      detector: 'divergence',
      measure: 'share',
      observed: 62.4,
      expected: 20.2,
      interval: { low: 5, high: 37.5 },
    };
    await desk.store.insert('alerts', [volume, divergence, silent].map(alertRow), 'of other measures');
  }, 240_000);
  afterAll(() => desk.close(), 60_000);
  afterEach(() => desk.clear());

  it.each([
    [
      'en',
      '31 stories · 1.4 expected, usually 0 to 4.8',
      'A negative share of 62% · 20% expected, usually 5% to 38%',
      'The source wire (rss) is dead. It answers 410.',
    ],
    [
      'zh',
      '31 起事件 · 预期 1.4，通常 0 至 4.8',
      '负面占比 62% · 预期 20%，通常 5% 至 38%',
      '数据源 wire（rss）已失效。原因：It answers 410。',
    ],
  ])(
    'in %s says in the list what its number counts, and of a source what is wrong',
    async (lang, ...wanted) => {
      const page = await desk.open(`?lang=${lang}`);
      await page.locator('.alert').nth(5).waitFor();
      const said = (await page.locator('.alert .alert-figures').allTextContents()).map((words) => words.trim());
      for (const words of wanted) expect(said).toContain(words);
      const ofSource = page.locator('.alert', { hasText: wanted[2] ?? '' });
      expect(await ofSource.locator('.range').count()).toBe(0);
      await ofSource.locator('.alert-head').click();
      await ofSource.locator('.history li').waitFor();
      expect(await ofSource.textContent()).not.toMatch(/\b0 |undefined| · $/);
      expect(await violationsOf(page)).toEqual([]);
    },
    120_000,
  );

  it('says on its page what its number counts, step by step and over its life', async () => {
    const page = await desk.open(`#/alert/${divergence.alert_id}`);
    await page.waitForSelector('.steps li');
    expect(await page.locator('.steps').textContent()).toContain(
      'A negative share of 62% in the window; 20% expected, usually 5% to 38%.',
    );
    expect(await page.locator('.history').textContent()).toContain('A negative share of 62%; 20% expected');
    await page.goto(`${desk.address()}/?lang=en#/alert/${volume.alert_id}`);
    await page.locator('.history', { hasText: '31 stories; 1.4 expected' }).waitFor();
    expect(await page.locator('main').textContent()).not.toContain('31 negative stories');
  }, 120_000);

  it('of a source tells no figures on its page, and leads to the sources, which another process reads', async () => {
    const page = await desk.open(`#/alert/${silent?.alert_id ?? ''}`);
    await page.locator('.history li').waitFor();
    const words = await page.locator('main').textContent();
    expect(words).toContain('The source wire (rss) is dead.');
    expect(words).not.toMatch(/standard deviations|stories|documents|labels by/);
    expect(await page.locator('.range, .steps').count()).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
    expect(await fits(page)).toBe(true);
    await page.getByRole('link', { name: 'All about the sources' }).click();
    await page.getByText('Sources are read by another process (role ingest)').waitFor();
  }, 120_000);

  it('stands beside a card that says who reads the sources, and is not asked for them again', async () => {
    const page = await desk.open('?lang=zh');
    await page.locator('.sources', { hasText: '来源由另一进程（ingest）读取' }).waitFor();
    expect(await page.locator('.sources [role="alert"]').count()).toBe(0);
    desk.asked();
    const refreshed = page.waitForResponse((response) => response.url().includes('/api/alerts?'));
    await page.locator('button.live').click();
    await page.locator('button.live').click();
    await refreshed;
    const asked = desk.asked().map((path) => path.split('?')[0]);
    expect(asked).toContain('/api/alerts');
    expect(asked).not.toContain('/api/sources');
  }, 120_000);
});
