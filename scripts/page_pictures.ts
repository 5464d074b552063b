/**
 * Takes the pictures of the page that README and docs show: `npm run build && npx tsx scripts/page_pictures.ts [NAME…]`. What is
 * pictured is the program itself over the bundled example feed, labelled by the model in the package, in a data folder that goes
 * with it; beside the feed stands a source that does not answer, so that the page of sources has something to say.
 * Needs Chromium (CHROMIUM_PATH, or /usr/bin/chromium) with fonts for Chinese; takes about four minutes.
 */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContextOptions, type Page } from 'playwright-core';
import { REPOSITORY, run, until } from '../test/end_to_end/program.ts';
import { freePort } from '../test/free_port.ts';

interface Picture extends BrowserContextOptions {
  /** Query and hash behind the address. */
  readonly at: string;
  readonly width?: number;
  readonly height?: number;
  /** The page as far down as it goes. */
  readonly whole?: boolean;
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<unknown>;
}

const wanted = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'tidewatch-pictures-'));
const port = await freePort();
const config = join(folder, 'tidewatch.yaml');
await writeFile(
  config,
  `# The desk's own settings.
ingest:
  watchlists: [starter.yaml, companies.yaml]
  sources:
    - { type: file, name: example-feed, path: feed.jsonl, replay: { speed: 12000, rebase: end_now } }
    - { type: rss, name: central-bank, url: 'https://feeds.invalid/press.xml' }
alerting:
  group_interval_secs: 2
dashboards:
  port: ${port}
`,
);
// Copies, which the page may write.
await copyFile(join(REPOSITORY, 'examples/feed.jsonl'), join(folder, 'feed.jsonl'));
await copyFile(join(REPOSITORY, 'examples/watchlist.yaml'), join(folder, 'companies.yaml'));
await copyFile(join(REPOSITORY, 'ingest/watchlist/starter.yaml'), join(folder, 'starter.yaml'));

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
});
const program = run(['up', '--config', config, '--data', join(folder, 'data')]);
try {
  const { alerts, document, story } = await settled();
  const pictures: Readonly<Record<string, Picture>> = {
    'page-light': { at: '?lang=en', width: 1440, height: 1000 },
    'page-dark-zh': { at: '?lang=zh', width: 1440, height: 1000, colorScheme: 'dark' },
    'page-phone': { at: '?lang=en', width: 360, height: 780, deviceScaleFactor: 2 },
    'entity-light': { at: '?lang=en#/entity/norvale_bank', height: 1060 },
    'compare-light': {
      at: '?lang=en#/compare?entities=norvale_bank%2Cquillmere_software%2Chalcyon_motors%2Clumenfjord_energy',
      height: 900,
    },
    'correct-light': { at: '?lang=en&q=of', height: 640, act: correct },
    'document-light': { at: `?lang=en#/document/${document}`, height: 860 },
    'story-light': { at: `?lang=en#/story/${story}`, height: 860 },
    'alert-light': { at: `?lang=en#/alert/${alerts[0]}`, height: 1372 },
    'alert-dark-zh': { at: `?lang=zh#/alert/${alerts[0]}`, height: 1372, colorScheme: 'dark' },
    label: { at: '?lang=en#/label', height: 900 },
    'models-light': { at: '?lang=en#/models', whole: true },
    'sources-light': { at: '?lang=en#/sources', height: 500 },
    'watchlist-light': { at: '?lang=en#/watchlist/norvale_bank', whole: true, act: tryAlias },
    'settings-light': { at: '?lang=en#/settings', whole: true, act: misspell },
  };
  for (const [name, picture] of Object.entries(pictures)) {
    if (wanted.length === 0 || wanted.includes(name)) await take(name, picture);
  }
} finally {
  await browser.close();
  program.child.kill('SIGINT');
  await program.exited;
  await rm(folder, { recursive: true, force: true });
}

/** Waits until the feed is read and its three alerts have fired; the newest first, a document whose label has words, and the largest story. */
async function settled(): Promise<{ alerts: string[]; document: string; story: string }> {
  await program.seen(/The page is at http/);
  const get = async <T>(path: string): Promise<T> =>
    (await fetch(`http://127.0.0.1:${port}/api/${path}`)).json() as Promise<T>;
  const sources = async (): Promise<boolean> =>
    (await get<{ sources: { name: string; status: string }[] }>('sources')).sources.some(
      ({ name, status }) => name === 'example-feed' && status === 'finished',
    );
  await until(sources, 400_000, program.output);
  interface AlertRow {
    readonly alert_id: string;
    readonly history: readonly { readonly state: string }[];
  }
  const fired = async (): Promise<AlertRow[] | null> => {
    const { alerts } = await get<{ alerts: AlertRow[] }>('alerts?limit=200');
    const fully = alerts.filter(({ history }) => history.some(({ state }) => state === 'firing'));
    return fully.length >= 3 ? fully : null;
  };
  const alerts = (await until(fired, 120_000, program.output)) ?? [];
  interface OpinionRow {
    readonly document_id: string;
    readonly story: string;
  }
  const of = async (entity: string): Promise<OpinionRow[]> =>
    (await get<{ opinions: OpinionRow[] }>(`opinions?entity=${entity}&sentiment=negative&language=en&limit=200`))
      .opinions;
  const sizes = new Map<string, number>();
  for (const { story } of await of('skerrivane_airways')) sizes.set(story, (sizes.get(story) ?? 0) + 1);
  const [story = ''] = [...sizes].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  const [first] = await of('norvale_bank');
  return { alerts: alerts.map(({ alert_id }) => alert_id), document: first?.document_id ?? '', story };
}

async function take(
  name: string,
  { at, width = 1280, height = 900, whole = false, act, ...rest }: Picture,
): Promise<void> {
  const context = await browser.newContext({ viewport: { width, height }, timezoneId: 'UTC', ...rest });
  const page = await context.newPage();
  await page.addInitScript(() => {
    localStorage.setItem('tidewatch.person', 'Priya');
    localStorage.setItem('tidewatch.tour', 'over');
  });
  await page.goto(`http://127.0.0.1:${port}/${at}`);
  await page.waitForLoadState('load');
  await page.locator('.skeleton').first().waitFor({ state: 'detached', timeout: 60_000 });
  // Charts are drawn once their answers are there.
  await page.waitForTimeout(2500);
  await act?.(page);
  await page.screenshot({ path: join(REPOSITORY, 'docs/images', `${name}.png`), fullPage: whole });
  await context.close();
  console.log(name);
}

/** One label corrected, another opinion's panel open. */
async function correct(page: Page): Promise<void> {
  await page.locator('.opinions').evaluate((list) => scrollTo(0, list.getBoundingClientRect().top + scrollY - 70));
  const rows = page.locator('.opinion');
  await rows.nth(0).hover();
  await rows.nth(0).locator('.quick button').nth(1).click();
  await page.getByText('Saved.').waitFor();
  await rows.nth(1).hover();
  await rows
    .nth(1)
    .getByRole('button', { name: /^Correct/ })
    .click();
  await page.waitForTimeout(500);
}

async function tryAlias(page: Page): Promise<void> {
  await page.getByLabel('Other English names').fill('Quillmere');
  await page.getByRole('button', { name: 'Try it on recent documents' }).click();
  await page.getByText('What it would find').waitFor();
  await page.waitForTimeout(1000);
}

async function misspell(page: Page): Promise<void> {
  const area = page.getByRole('textbox').first();
  await area.fill((await area.inputValue()).replace('port:', 'prot:'));
  await page.getByRole('button', { name: 'Check' }).click();
  await page.waitForTimeout(1500);
}
