/** What is typed into the settings and the watchlist and not saved yet: it is not lost by a key, a link, Back or a reload. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../app/config.ts';
import { createSettingsDesk } from '../../app/settings_desk.ts';
import { createWatchlistDesk } from '../../app/watchlist_desk.ts';
import { foundDraft, foundDrafts, type DraftKind } from '../../dashboards/web/draft.ts';
import { isEntry, isSameEntry } from '../../dashboards/web/watchlist_fields.tsx';
import { hasChromium, startDesk, type Desk } from './desk.ts';
import { fits, picture, violationsOf } from './page_checks.ts';

describe('a draft', () => {
  const kind: DraftKind<string> = {
    isValue: (kept) => typeof kept === 'string',
    isSame: (one, other) => one === other,
  };
  const stored = { name: 'settings', version: 'v1', value: 'as it is' };
  const found = (draft: unknown) => foundDraft(JSON.stringify(draft), stored, kind);

  it('is put back over the version that it changes, and waits over another one', () => {
    expect(found({ version: 'v1', value: 'as I typed' })).toMatchObject({ value: 'as I typed', found: 'restored' });
    expect(found({ version: 'v0', value: 'as I typed' })).toEqual({
      value: 'as it is',
      found: 'older',
      older: 'as I typed',
    });
  });

  it('of an older version goes on waiting beside what is typed since', () => {
    const drafts = (last: object | null) =>
      foundDrafts(JSON.stringify(last), JSON.stringify({ version: 'v0', value: 'long ago' }), stored, kind);
    const waits = { found: 'older', older: 'long ago', isOutdated: false };
    expect(drafts(null)).toEqual({ value: 'as it is', ...waits });
    expect(drafts({ version: 'v1', value: 'since' })).toEqual({ value: 'since', ...waits });
    expect(foundDrafts(null, JSON.stringify({ version: 'v1', value: 'long ago' }), stored, kind)).toMatchObject(waits);
    expect(drafts({ version: 'v0', value: 'later' })).toMatchObject({ older: 'later', isOutdated: true });
  });

  it('is none where it changes nothing, or is of another form', () => {
    for (const draft of [{ version: 'v0', value: 'as it is' }, { version: 'v1', value: 7 }, 'x', null])
      expect(found(draft)).toEqual({ value: 'as it is', found: 'none', older: null });
    expect(foundDraft('{', stored, kind).found).toBe('none');
    expect(foundDraft(null, stored, kind).found).toBe('none');
  });

  it('of an entry changes nothing by an empty list, and needs an id, a name and a kind', () => {
    const entry = { id: 'a', name: 'A', kind: 'company' } as const;
    expect(isSameEntry(entry, { kind: 'company', name: 'A', id: 'a', aliases: [] })).toBe(true);
    expect(isSameEntry(entry, { ...entry, name: ' A ', name_zh: ' ' })).toBe(true);
    expect(isSameEntry(entry, { ...entry, aliases: ['B'] })).toBe(false);
    expect([entry, { ...entry, aliases: 'B' }, { id: 'a' }, null].map(isEntry)).toEqual([true, false, false, false]);
  });
});

const files = mkdtempSync(join(tmpdir(), 'tidewatch-unsaved-'));
const [settingsPath, watchlistPath] = [join(files, 'tidewatch.yaml'), join(files, 'companies.yaml')];
const SETTINGS = `dashboards:
  port: 8080
ingest:
  watchlists: [companies.yaml]
  sources:
    - { type: file, name: example, path: feed.jsonl }
`;
const WATCHLIST = `entities:
  - { id: norvale_bank, name: Norvale Bank, name_zh: 诺维银行, kind: company }
`;
const EDIT = '\n# a long morning of edits';

describe.skipIf(!hasChromium)('a form with changes', () => {
  let desk: Desk;
  beforeAll(async () => {
    writeFileSync(settingsPath, SETTINGS);
    writeFileSync(watchlistPath, WATCHLIST);
    desk = await startDesk({
      dependencies: () => ({
        watchlist: createWatchlistDesk({ paths: [watchlistPath], watch: () => undefined }),
        settingsFile: createSettingsDesk({ path: settingsPath, running: readSettings(settingsPath) }),
      }),
    });
  }, 240_000);
  beforeEach(() => {
    writeFileSync(settingsPath, SETTINGS);
    writeFileSync(watchlistPath, WATCHLIST);
  });
  afterAll(async () => {
    await desk.close();
    rmSync(files, { recursive: true, force: true });
  }, 60_000);
  afterEach(() => desk.clear());

  const text = (page: Page): Promise<string> => page.locator('.settings-text').inputValue();
  async function editedSettings(lang = 'en', width = 1280): Promise<Page> {
    const page = await desk.open(`?lang=${lang}#/settings`, {
      ready: '.settings-text',
      viewport: { width, height: 844 },
    });
    await page.locator('.settings-text').focus();
    await page.keyboard.press('Control+End');
    await page.keyboard.insertText(EDIT);
    return page;
  }

  it('is left by no key: after Check, s and Escape stay, and so does the text', async () => {
    const page = await editedSettings();
    await page.getByRole('button', { name: 'Check' }).press('Enter');
    await page.getByText('It is right.', { exact: true }).waitFor();
    for (const key of ['s', '/', 'Escape']) await page.keyboard.press(key);
    expect(new URL(page.url()).hash).toBe('#/settings');
    expect(await text(page)).toContain(EDIT);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('tidewatch.yaml.before').waitFor();
    expect(readFileSync(settingsPath, 'utf8')).toContain(EDIT);
    await expect.poll(() => page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Check' }).focus();
    await page.keyboard.press('Escape');
    await page.waitForSelector('main:not(.view)');
  }, 120_000);

  it.each([
    ['en', 1280, 'not saved yet', 'Discard them'],
    ['zh', 390, '尚未保存', '放弃我的修改'],
  ])(
    'gives back what was typed after a link, Back and a reload, and lets it be discarded, in %s at %d px',
    async (lang, width, notice, discard) => {
      const page = await editedSettings(lang, width);
      await page.locator('.view-title a').click();
      await page.waitForSelector('main:not(.view)');
      await page.goBack();
      await page.locator('.notice', { hasText: notice }).waitFor();
      expect(await text(page)).toContain(EDIT);
      const asked: string[] = [];
      page.on('dialog', (dialog) => {
        asked.push(dialog.type());
        void dialog.accept();
      });
      await page.reload();
      expect(asked).toEqual(['beforeunload']);
      await page.locator('.notice', { hasText: notice }).waitFor();
      expect(await text(page)).toContain(EDIT);
      expect(await violationsOf(page)).toEqual([]);
      expect(await fits(page)).toBe(true);
      await picture(page, `draft-settings-${lang}`);
      await page.getByRole('button', { name: discard }).click();
      expect(await text(page)).not.toContain(EDIT);
      await page.reload();
      await page.waitForSelector('.settings-text');
      expect(asked).toEqual(['beforeunload']);
      expect(await page.locator('.notice').count()).toBe(0);
    },
    120_000,
  );

  it('offers what was typed over a file that changed meanwhile, and does not put it there by itself', async () => {
    const page = await editedSettings();
    await page.locator('.view-title a').click();
    await page.waitForSelector('main:not(.view)');
    writeFileSync(settingsPath, SETTINGS.replace('8080', '8081'));
    await page.goBack();
    await page.getByText('This has changed since you edited it.').waitFor();
    expect(await text(page)).toContain('8081');
    await picture(page, 'draft-older');
    await page.locator('.settings-text').press('Control+End');
    await page.keyboard.insertText('# meanwhile');
    await page.reload();
    await page.getByText('This has changed since you edited it.').waitFor();
    expect(await text(page)).toContain('# meanwhile');
    await page.getByRole('button', { name: 'Put them back' }).click();
    expect(await text(page)).toBe(`${SETTINGS}${EDIT}`);
  }, 120_000);

  it('keeps an entry of the watchlist that was tried and left, until it is saved', async () => {
    const page = await desk.open('#/watchlist/norvale_bank', { ready: '.upkeep-form textarea' });
    const aliases = page.locator('.upkeep-form textarea').first();
    await aliases.fill('Norvale\nNVB Group');
    await page.getByRole('button', { name: 'Try it on recent documents' }).press('Enter');
    await page.locator('.preview').getByText('name it now').waitFor();
    for (const key of ['Escape', 's']) await page.keyboard.press(key);
    expect(new URL(page.url()).hash).toBe('#/watchlist/norvale_bank');
    await page.evaluate(() => (location.hash = '#/watchlist'));
    await page.waitForSelector('.watched a');
    await page.goBack();
    await page.getByText('not saved yet').waitFor();
    expect(await aliases.inputValue()).toBe('Norvale\nNVB Group');
    await page.getByRole('button', { name: 'Discard them' }).click();
    await expect.poll(() => aliases.inputValue()).toBe('');
    await aliases.fill('NVB Group');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Kept: it counts').waitFor();
    expect(readFileSync(watchlistPath, 'utf8')).toContain('NVB Group');
    await page.reload();
    await page.waitForSelector('.upkeep-form textarea');
    expect(await page.locator('.notice').count()).toBe(0);
  }, 120_000);
});
