import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomFrom } from '../../alerting/opinions.ts';
import { writeTinyModel } from '../../classifier/tiny_model.ts';

const execute = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-command-'));
  writeTinyModel(join(folder, 'model'));
  await writeFile(
    join(folder, 'watchlist.yaml'),
    'entities:\n  - { id: acme, name: Acme, kind: company, tickers: [ACM] }\n',
  );
  await writeFile(
    join(folder, 'settings.yaml'),
    [
      'log: { level: silent }',
      'ingest: { watchlists: [watchlist.yaml] }',
      'classifier: { backend: { type: onnx, model: model, threads: 1 }, entity_sentiment: off }',
      'alerting: { window_hours: 12, series: [entity] }',
    ].join('\n'),
  );
  const random = randomFrom(2);
  const line = (id: number, time: number, word: string): string =>
    JSON.stringify({
      id: `d${id}`,
      // Numbers keep stories apart.
      text: `acme ${word} ${Math.floor(random() * 1e6)} of ${Math.floor(random() * 1e6)}`,
      published_at: new Date(time).toISOString(),
      source: `outlet ${id % 9}`,
      author: `writer ${id}`,
      source_class: 'news',
    });
  const quiet = Array.from(
    { length: 21 * 8 },
    (_, index) => [START + index * 3 * HOUR, index % 9 === 0 ? 'loss' : 'meeting'] as const,
  );
  const burst = Array.from({ length: 24 }, (_, index) => [START + 15 * DAY + index * 6 * 60_000, 'loss'] as const);
  const all = [...quiet, ...burst].toSorted(([a], [b]) => a - b);
  await writeFile(
    join(folder, 'feed.jsonl'),
    `${all.map(([time, word], index) => line(index, time, word)).join('\n')}\n`,
  );
  await writeFile(join(folder, 'events.jsonl'), '{"date":"2026-01-20","ticker":"ACM","what":"a bad day"}\n');
  const days = Array.from({ length: 40 }, (_, day) => new Date(START + day * DAY).toISOString().slice(0, 10));
  const closes = days.flatMap((day, index) => [`${day},ACM,${100 - index}`, `${day},SPY,${400 + index}`]);
  await writeFile(join(folder, 'prices.csv'), `date,symbol,close\n${closes.join('\n')}\n`);
  await writeFile(join(folder, 'nobody.csv'), 'date,symbol,close\n2026-01-05,NOBODY,1\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface End {
  readonly code: number;
  readonly output: string;
}

async function tidewatch(...more: string[]): Promise<End> {
  const at = (name: string): string => join(folder, name);
  const command = [
    'backtest',
    '--feed',
    at('feed.jsonl'),
    '--config',
    at('settings.yaml'),
    '--cache',
    at('cache'),
    ...more,
  ];
  try {
    const { stdout, stderr } = await execute(process.execPath, ['--import', 'tsx', 'app/cli.ts', ...command], {
      cwd: REPOSITORY,
    });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

describe('tidewatch backtest', () => {
  it('finds the event, says whose returns were taken off, and keeps a sweep of which one run fails', async () => {
    const prices = ['--prices', join(folder, 'prices.csv'), '--market', 'SPY'];
    const sweep = ['--sweep', 'alerting.detectors.0.fire_score=3,99'];
    const report = join(folder, 'report');
    const { code, output } = await tidewatch(
      '--events',
      join(folder, 'events.jsonl'),
      ...prices,
      ...sweep,
      '--report',
      report,
    );
    expect(output).toContain('192 documents judged');
    expect(output).toContain('1 of 1 known events found');
    expect(output).toContain('1 of 2 runs of the sweep');
    expect(output).toMatch(/failed: alerting\.detectors\.0\.fire_score=99: .*30/s);
    expect(code).toBe(1);
    const json = JSON.parse(await readFile(join(report, 'report.json'), 'utf8')) as {
      study: { market: string };
      sweep: { settings: string[]; recall: { hits: number } }[];
      failed: { settings: string[] }[];
      score: { medianDelayHours: number };
      alerts: { at: number; toldAt: number }[];
    };
    expect(json.study.market).toBe('SPY');
    expect(json.sweep.map(({ recall }) => recall.hits)).toEqual([1]);
    expect(json.failed.map(({ settings }) => settings)).toEqual([['alerting.detectors.0.fire_score=99']]);
    for (const { at, toldAt } of json.alerts) expect(toldAt - at).toBe(HOUR + 2000);
    expect(await readFile(join(report, 'index.html'), 'utf8')).toContain('Returns are less those of SPY');
  }, 300_000);

  it('runs a sweep of one value, whose row says nothing of prices', async () => {
    const report = join(folder, 'one');
    const swept = await tidewatch('--sweep', 'alerting.window_hours=24', '--report', report);
    expect(swept.output).toContain('1 of 1 runs of the sweep');
    expect(await readFile(join(report, 'index.html'), 'utf8')).toContain('<code>alerting.window_hours=24</code>');
    const row = await tidewatch('--row', '--prices', join(folder, 'nobody.csv'));
    expect(JSON.parse(row.output)).toMatchObject({ settings: [] });
  }, 300_000);

  it('keeps the runs of a sweep whose report could not be written', async () => {
    const report = join(folder, 'stuck');
    await mkdir(join(report, 'index.html'), { recursive: true });
    const command = ['--sweep', 'alerting.window_hours=36', '--report', report];
    const { code, output } = await tidewatch(...command);
    expect(code, output).not.toBe(0);
    await rm(join(report, 'index.html'), { recursive: true });
    expect((await tidewatch(...command)).output).toContain('1 of 1 runs were made by an earlier start');
  }, 300_000);

  it.each([
    [['--market', 'SPY', '--report', 'r'], /--market SPY names a symbol of --prices, which is not given/],
    [['--prices', 'prices.csv', '--market', 'QQQ', '--report', 'r'], /prices.csv has no closes of QQQ/],
    [['--prices', 'nobody.csv', '--report', 'r'], /nobody.csv: no symbol of it is on the watchlist: NOBODY/],
    [['--set', 'alerting.window_hours=12,24', '--report', 'r'], /gives 2 values; a setting has one/],
    [['--from', '2026-02-30', '--report', 'r'], /--from: "2026-02-30" is no date/],
    [['--feed', 'nowhere.jsonl', '--report', 'r'], /--feed: there is no file nowhere.jsonl \[input.invalid\]/],
    [[], /--report says in which folder/],
  ])(
    'refuses what it would have to ignore: %j',
    async (more, message) => {
      const { code, output } = await tidewatch(...more.map((one) => (one.endsWith('.csv') ? join(folder, one) : one)));
      expect(output).toMatch(message);
      expect(code).not.toBe(0);
    },
    120_000,
  );
});
