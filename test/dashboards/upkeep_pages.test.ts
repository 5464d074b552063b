/**
 * Sources, watchlist, settings, models, saved views and the first tour in a real browser, by keyboard alone, over real files; and what
 * is done to alerts and held feedback by keyboard. Both languages, narrow and wide, and nothing that axe-core has against them.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readSettings } from '../../app/config.ts';
import { learningOf } from '../../app/models.ts';
import { createSettingsDesk } from '../../app/settings_desk.ts';
import { createWatchlistDesk } from '../../app/watchlist_desk.ts';
import { shippedModel } from '../../classifier/artifact.ts';
import { nameIn } from '../../classifier/learning/model_card.ts';
import { classifierSettings } from '../../classifier/settings.ts';
import { systemClock } from '../../core/clock.ts';
import { isoTime } from '../../core/event.ts';
import type { SourceHealth } from '../../core/health.ts';
import { opinionRow } from '../../core/store/rows.ts';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, tabTo, violationsOf } from './page_checks.ts';

const files = mkdtempSync(join(tmpdir(), 'tidewatch-upkeep-'));
const [settingsPath, watchlistPath] = [join(files, 'tidewatch.yaml'), join(files, 'companies.yaml')];
const SETTINGS = `# The desk's own settings.
dashboards:
  port: 8080
  token: a-token-for-everyone-here
ingest:
  watchlists: [companies.yaml]
  sources:
    - { type: file, name: example, path: feed.jsonl }
`;
const WATCHLIST = `entities:
  # A bank.
  - id: norvale_bank
    name: Norvale Bank
    name_zh: 诺维银行
    kind: company
`;
const health = (name: string, more: Partial<SourceHealth>): SourceHealth => ({
  name,
  type: 'rss',
  status: 'ok',
  reason: null,
  last_success_at: isoTime(Date.now() - 40_000),
  last_item_at: isoTime(Date.now() - 130_000),
  items: 710,
  next_attempt_at: null,
  lag_secs: 95,
  usual_per_hour: 12.5,
  ...more,
});
const SOURCES: readonly SourceHealth[] = [
  health('birdsong', { type: 'file' }),
  health('central-bank', {
    status: 'failing',
    reason: 'www.example.gov answers 503; it is asked again, later each time.',
    next_attempt_at: isoTime(Date.now() + 60_000),
    lag_secs: null,
    usual_per_hour: null,
  }),
  health('forum', {
    type: 'mastodon',
    status: 'quiet',
    reason: 'Nothing for 9 hours; 40 an hour are usual.',
    usual_per_hour: 40,
  }),
];
/** The machine may be busy. */
const TOUR_PLACES = ['.tide', '.alerts', '.opinions', '.find-links'];
const outlined = (page: Page): Promise<string[]> =>
  page.evaluate(
    (places) =>
      places.filter((place) => getComputedStyle(document.querySelector(place) as Element).outlineStyle === 'solid'),
    TOUR_PLACES,
  );
const polled = <Value>(ask: () => Value | Promise<Value>) => expect.poll(ask, { timeout: 20_000 });

describe.skipIf(!hasChromium)('the pages of upkeep', () => {
  let desk: Desk;
  beforeAll(async () => {
    writeFileSync(settingsPath, SETTINGS);
    writeFileSync(watchlistPath, WATCHLIST);
    desk = await startDesk({
      dependencies: ({ store, folder }) => ({
        sources: () => SOURCES,
        watchlist: createWatchlistDesk({ paths: [watchlistPath], watch: () => undefined }),
        settingsFile: createSettingsDesk({ path: settingsPath, running: readSettings(settingsPath) }),
        learning: learningOf(
          { data_dir: folder, classifier: classifierSettings.parse({}) },
          { store, clock: systemClock, reference: () => null },
        ),
      }),
    });
    // As the model that comes with Tidewatch would have labelled them: drift is measured over its own.
    const model = (await nameIn(shippedModel('tidewatch-small'))) ?? '';
    const again = desk.opinions.map((one) => opinionRow({ ...one, model, labelled_at: isoTime(Date.now()) }));
    await desk.store.insert('opinions', again, 'again');
  }, 300_000);
  afterAll(async () => {
    await desk.close();
    rmSync(files, { recursive: true, force: true });
  }, 60_000);
  afterEach(() => desk.clear());

  it('sources: those in trouble first, with why, lag and usual rate, and what each brought last', async () => {
    const page = await desk.open('#/sources', { ready: '.source-card' });
    const cards = page.locator('.source-card');
    expect(await cards.locator('h3').allTextContents()).toEqual([
      expect.stringContaining('central-bank'),
      expect.stringContaining('forum'),
      expect.stringContaining('birdsong'),
    ]);
    expect(await cards.nth(0).textContent()).toContain('answers 503');
    expect(await cards.nth(0).textContent()).toContain('still being learnt');
    expect(await cards.nth(1).textContent()).toContain('40 an hour');
    expect(await cards.nth(2).textContent()).toContain('1.6 minutes');
    await tabTo(page, '.source-card:nth-child(3) summary');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.source-card .evidence li');
    await tabTo(page, '.source-card:nth-child(3) .evidence a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.document-text');
    // 501: this server has no model to explain a document by.
    expect(desk.complaints().filter((line) => !line.includes('501'))).toEqual([]);
  }, 120_000);

  it('watchlist: finds an entry, tries an alias on recent documents, and keeps it, all by keyboard', async () => {
    const page = await desk.open('#/watchlist');
    await page.waitForSelector('.watched a');
    await tabTo(page, '.upkeep-bar input');
    await page.keyboard.type('norv');
    await tabTo(page, '.watched a');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.upkeep-form textarea');
    await tabTo(page, '.upkeep-form textarea');
    await page.keyboard.type('Quillmere');
    await tabTo(page, '.upkeep-actions .line-button');
    await page.keyboard.press('Enter');
    await page.getByText('Found anew').waitFor();
    expect(await page.locator('.preview').textContent()).toMatch(
      /Of the newest \d+ documents \d+ name it now, \d+ would/,
    );
    expect(await page.locator('.preview mark').first().textContent()).toMatch(/quillmere/i);
    await picture(page, 'watchlist-light');
    expect(readFileSync(watchlistPath, 'utf8')).toBe(WATCHLIST);
    await tabTo(page, '.upkeep-actions .solid-button');
    await page.keyboard.press('Enter');
    await page.getByText('Kept: it counts').waitFor();
    expect(readFileSync(watchlistPath, 'utf8')).toContain("aliases: ['Quillmere']");
    expect(readFileSync(watchlistPath, 'utf8')).toContain('# A bank.');
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('watchlist: adds an entry, says what is wrong with it, and removes it on a second press', async () => {
    const page = await desk.open('#/watchlist/new');
    await page.getByLabel('Id', { exact: false }).first().fill('Not An Id');
    await page.getByLabel('English name', { exact: true }).fill('Tern Air');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.upkeep-wrong:not(:empty)').waitFor();
    await page.getByLabel('Id', { exact: false }).first().fill('tern');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/#\/watchlist\/tern$/);
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('button', { name: 'Really remove it' }).click();
    await page.waitForURL(/#\/watchlist$/);
    expect(readFileSync(watchlistPath, 'utf8')).not.toContain('tern');
  }, 120_000);

  it('settings: shows no secret, leads to the wrong line, keeps what is right and says what needs a restart', async () => {
    const page = await desk.open('#/settings', { ready: '.settings-text' });
    const area = page.locator('.settings-text');
    const text = await area.inputValue();
    expect(text).not.toContain('a-token-for-everyone-here');
    await area.fill(text.replace('port: 8080', 'prot: 8081'));
    await tabTo(page, '.upkeep-actions .line-button');
    await page.keyboard.press('Enter');
    await page.locator('.problems li').waitFor();
    expect(await page.locator('.problems').textContent()).toContain('did you mean port?');
    await picture(page, 'settings-light');
    await tabTo(page, '.problems button');
    await page.keyboard.press('Enter');
    expect(
      await area.evaluate((field: HTMLTextAreaElement) => field.value.slice(field.selectionStart, field.selectionEnd)),
    ).toBe('  prot: 8081');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(readFileSync(settingsPath, 'utf8')).toBe(SETTINGS);
    await area.fill(text.replace('port: 8080', 'port: 8081'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('tidewatch.yaml.before').waitFor();
    expect(readFileSync(settingsPath, 'utf8')).toBe(SETTINGS.replace('8080', '8081'));
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('needs a restart: dashboards').waitFor();
  }, 120_000);

  it('models: the model that labels with its figures, calibration and drift, though nobody taught one', async () => {
    const page = await desk.open('#/models', { ready: '.calibration' });
    const served = page.locator('section', { has: page.getByRole('heading', { name: 'The model that labels' }) });
    expect(await served.textContent()).toMatch(/tidewatch-small@\d+\.\d+\.\d+ comes with Tidewatch/);
    expect(await served.locator('.model-table tbody tr').count()).toBeGreaterThan(10);
    expect(await page.locator('.calibration circle').count()).toBeGreaterThan(10);
    expect(await page.locator('.drift').count()).toBe(3);
    expect(await page.locator('.drift').first().textContent()).toMatch(/PSI \d+\.\d\d/);
    await tabTo(page, '.model-card summary');
    await page.keyboard.press('Enter');
    await page.getByText('It is not a judge of a single text').waitFor();
    await page.getByText('No candidate has read along yet').waitFor();
    // Words begin at one edge, figures end at one: the set, the language and the task, then five figures.
    const [first] = await served.locator('.model-table tbody tr').all();
    const edges = await first
      ?.locator('th, td')
      .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign));
    expect(edges).toEqual([...Array(3).fill('left'), ...Array(5).fill('right')]);
    // What there is nothing of is not asked for: a browser writes each 404 to its console.
    expect(desk.complaints()).toEqual([]);
  }, 120_000);

  it('saved views: a name for what the address says, opened without loading the page anew, forgotten again', async () => {
    const page = await desk.open('?lang=en&range=7d#/label', { person: 'Ines', ready: '.label-card' });
    await tabTo(page, '.views summary');
    await page.keyboard.press('Enter');
    await tabTo(page, '.views input');
    await page.keyboard.type('Labelling, a week');
    await page.keyboard.press('Enter');
    await page.locator('.views').getByRole('link', { name: 'Labelling, a week' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.locator('.views[open]').count()).toBe(0);
    await page.evaluate(() => Object.assign(globalThis, { mark: 'the same page' }));
    await page.locator('.view-title a').click();
    await page.waitForSelector('main:not(.view)');
    await page.locator('.views summary').click();
    await page.locator('.views').getByRole('link', { name: 'Labelling, a week' }).click();
    await page.waitForSelector('.label-card');
    expect(new URL(page.url()).search).toContain('range=7d');
    expect(await page.evaluate(() => (globalThis as { mark?: string }).mark)).toBe('the same page');
    await page.locator('.views summary').click();
    await page.getByRole('button', { name: 'Forget the view Labelling, a week' }).click();
    expect(await page.locator('.views li').count()).toBe(0);
    await page.evaluate(() =>
      localStorage.setItem('tidewatch.views', '[{"name":"evil","address":"//elsewhere.example"}]'),
    );
    await page.reload();
    await page.locator('.views summary').click();
    expect(await page.locator('.views li').count()).toBe(0);
  }, 120_000);

  it.each([
    ['en', 'Show me', 'Next', 'Done'],
    ['zh', '带我看看', '下一步', '完成'],
  ])(
    'first tour in %s: offered once, four steps by keyboard, never again',
    async (lang, take, next, done) => {
      const page = await desk.open(`?lang=${lang}`);
      await tabTo(page, '.tour-offer .line-button');
      expect(await page.locator('.tour-offer .line-button').textContent()).toBe(take);
      await page.keyboard.press('Enter');
      const titles: string[] = [];
      for (let step = 0; step < 4; step += 1) {
        await polled(() => outlined(page)).toEqual([TOUR_PLACES[step]]);
        titles.push((await page.locator('#tour-title').textContent()) ?? '');
        if (step === 0) expect(await violationsOf(page)).toEqual([]);
        const button = page.locator('.tour-sheet .solid-button');
        expect(await button.textContent()).toBe(step === 3 ? done : next);
        await page.keyboard.press('Enter');
      }
      expect(new Set(titles).size).toBe(4);
      await polled(() => page.locator('.tour-sheet').count()).toBe(0);
      expect(await outlined(page)).toEqual([]);
      await page.reload();
      await page.waitForSelector('.opinion');
      expect(await page.locator('.tour-offer').count()).toBe(0);
    },
    120_000,
  );

  it('first tour: skipped with Escape, and not offered again', async () => {
    const page = await desk.open('');
    await page.getByRole('button', { name: 'Show me' }).click();
    await page.keyboard.press('Escape');
    await polled(() => page.locator('.tour-sheet').count()).toBe(0);
    await page.reload();
    await page.waitForSelector('.opinion');
    expect(await page.locator('.tour-offer').count()).toBe(0);
  }, 120_000);

  it('alert: verdict, reason, silence and end by keyboard alone', async () => {
    const alert = desk.alerts.find(({ state }) => state === 'firing') ?? desk.alerts[0];
    const page = await desk.open(`#/alert/${alert?.alert_id ?? ''}`, { person: 'Keya' });
    await page.waitForSelector('.verdicts');
    await page.keyboard.press('2');
    await page.waitForSelector('.verdicts .noise[aria-pressed="true"]');
    await tabTo(page, '.reason input');
    await page.keyboard.type('known for days');
    await page.keyboard.press('Enter');
    await page.locator('.said q').getByText('known for days').waitFor();
    await tabTo(page, '.alert-actions .segments button');
    await page.keyboard.press('Enter');
    const actions = async (): Promise<string[]> =>
      (await desk.store.query<{ kind: string }>(`SELECT kind FROM actions WHERE author = 'Keya' ORDER BY at`)).map(
        ({ kind }) => kind,
      );
    await polled(actions).toEqual(['silence']);
    await page.locator('.alert-actions .note input').focus();
    await page.keyboard.type('settled');
    await tabTo(page, '.alert-actions .buttons > .line-button:last-child');
    await page.keyboard.press('Enter');
    await polled(actions).toEqual(['silence', 'resolve']);
  }, 120_000);

  const PAGES = [
    ['#/sources', '.source-card', 'sources'],
    ['#/watchlist/norvale_bank', '.upkeep-form', 'watchlist-entry'],
    ['#/watchlist', '.watched li', 'watchlist-all'],
    ['#/settings', '.settings-text', 'settings-plain'],
    ['#/models', '.calibration', 'models'],
  ] as const;
  it.each([
    ['en', 1280, 'light'],
    ['zh', 360, 'dark'],
  ] as const)(
    'in %s at %d px, %s: axe-core finds nothing, nothing is wider than the page',
    async (lang, width, scheme) => {
      for (const [hash, ready, name] of PAGES) {
        const page = await desk.open(`?lang=${lang}${hash}`, {
          ready,
          colorScheme: scheme,
          viewport: { width, height: 800 },
        });
        if (hash === '#/sources') {
          await page.locator('.source-card summary').last().click();
          await page.waitForSelector('.source-card .evidence li');
        }
        if (hash === '#/models') await page.waitForSelector('.drift');
        expect(await violationsOf(page), hash).toEqual([]);
        expect(await fits(page), hash).toBe(true);
        await picture(page, `${name}-${scheme}`);
        await page.context().close();
      }
    },
    240_000,
  );
});
