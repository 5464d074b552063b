import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { backtest, type BacktestOptions } from '../../../app/backtest/backtest.ts';
import { labelKey } from '../../../app/backtest/label_key.ts';
import { writeReport } from '../../../app/backtest/report_folder.ts';
import { backtestCommand } from '../../../app/commands/backtest.ts';
import { readSettings } from '../../../app/config.ts';
import type { Report } from '../../../backtest/report.ts';
import type { Opinion } from '../../../core/event.ts';
import { withDocument } from '../../alerting/opinions.ts';
import { gbk as gbkBytes } from '../../ingest/gbk.ts';
import { feed } from './made.ts';
import { asBeijingCsv, asJsonLines, recordedLines, writeSettings } from './recorded.ts';

let folder: string;
let config: string;
const at = (name: string): string => join(folder, name);
const lines = recordedLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-backtest-'));
  config = await writeSettings(folder);
  await labelled('feed.jsonl', feed(1));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A feed with its labels in the cache, as an earlier run would have left them. */
async function labelled(name: string, opinions: readonly Opinion[], done: object = { documents: 0 }): Promise<void> {
  await writeFile(at(name), name);
  const settings = readSettings(config);
  const key = await labelKey(settings, { feed: at(name), sourceClass: 'news', timeZone: null, model: 'tiny@1' });
  await mkdir(join(at('cache'), key), { recursive: true });
  await writeFile(join(at('cache'), key, 'opinions.jsonl'), asJsonLines(opinions));
  await writeFile(join(at('cache'), key, 'done.json'), JSON.stringify(done));
}

function run(options: Partial<BacktestOptions>): Promise<Report> {
  return backtest({
    feed: at('feed.jsonl'),
    config,
    overrides: [],
    sourceClass: 'news',
    timeZone: null,
    cache: at('cache'),
    from: null,
    to: null,
    events: null,
    prices: null,
    market: null,
    progress: () => undefined,
    ...options,
  });
}

/** What the command writes to standard output. */
async function said(...more: string[]): Promise<string> {
  let output = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += String(text)), true));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    const options = ['--config', config, '--cache', at('cache'), '--report', at('report')];
    await backtestCommand().parseAsync([...options, ...more], { from: 'user' });
    return output;
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

describe('a recorded feed', { timeout: 300_000 }, () => {
  it('that is sorted newest first is said to be out of order, with what to do, at the terminal and in the report', async () => {
    await labelled('reversed.jsonl', feed(1).toReversed());
    const output = await said('--feed', at('reversed.jsonl'));
    expect(output).toMatch(/Note: 2\d\d of 276 documents \(\d+%\) came later than allowed_lateness_mins/);
    expect(output).toContain('sort the file by time');
    expect(await readFile(at('report/index.html'), 'utf8')).toContain('The feed is not in the order of time');
    const { late } = JSON.parse(await readFile(at('report/report.json'), 'utf8')) as { late: number };
    expect(late).toBeGreaterThan(100);
  });

  it('of Beijing’s clock is that of UTC with its zone; refused lines and copies are told of, also from the cache', async () => {
    const [header = '', ...rows] = asBeijingCsv(lines).trimEnd().split('\n');
    // Every fourth has no text, and one comes twice.
    const broken = rows.map((row, index) => (index % 4 === 0 ? row.replace(/acme [^,]*/, '') : row));
    await writeFile(at('beijing.csv'), [header, ...broken, rows[1] ?? '', ''].join('\n'));
    const command = ['--feed', at('beijing.csv'), '--time-zone', 'Asia/Shanghai'];
    for (const goes of ['first', 'second']) {
      const output = await said(...command);
      expect(output, goes).toContain(
        'Note: Lines of the feed that were refused, as broken, without text or too long: 48.',
      );
      expect(output, goes).toContain('Note: Lines left out, because they repeat a document that had come: 1.');
      expect(output, goes).not.toContain('name no zone');
    }
    const report: unknown = JSON.parse(await readFile(at('report/report.json'), 'utf8'));
    expect(report).toMatchObject({
      lines: { refused: 48, duplicates: 1 },
      timeZone: 'Asia/Shanghai',
      from: lines[1]?.published_at,
      to: lines.at(-1)?.published_at,
    });
  });

  it('whose times name no zone is noted, and labels of before there were counts are read', async () => {
    const naive = feed(1).map((opinion) => withDocument(opinion, { published_at_mark: 'no_zone' }));
    await labelled('naive.jsonl', naive, { documents: naive.length });
    const output = await said('--feed', at('naive.jsonl'));
    expect(output).toContain('Times that name no zone, and were read as UTC: 276. With --time-zone Asia/Shanghai');
    expect(output).not.toContain('refused');
  });
});

describe('lists beside a feed', { timeout: 300_000 }, () => {
  it('are the same in GBK as in UTF-8, with the columns and names that China writes', async () => {
    const events = '{"date":"2026-03-17","entity":"爱科米","what":"立案调查"}\n';
    const days = Array.from({ length: 40 }, (_, day) =>
      new Date(Date.UTC(2026, 2, 10 + day)).toISOString().slice(0, 10),
    );
    const prices = `交易日期,股票代码,收盘价\n${days.map((day, index) => `${day.replaceAll('-', '')},600519.SH,${100 - index}`).join('\n')}\n`;
    await writeFile(at('events.jsonl'), events);
    await writeFile(at('events_gbk.jsonl'), gbkBytes(events));
    await writeFile(at('prices.csv'), prices);
    await writeFile(at('prices_gbk.csv'), gbkBytes(prices));
    const plain = await run({ events: at('events.jsonl'), prices: at('prices.csv') });
    const gbk = await run({ events: at('events_gbk.jsonl'), prices: at('prices_gbk.csv') });
    expect(plain.score?.recall).toMatchObject({ hits: 1, of: 1 });
    expect(plain.prices.get('acme')).toHaveLength(40);
    expect(gbk.score).toEqual(plain.score);
    expect(gbk.prices).toEqual(plain.prices);
  });

  it('are said to hold symbols of nobody, and alerts to have no prices', async () => {
    await writeFile(at('partly.csv'), 'date,symbol,close\n2026-03-05,ACM,1\n2026-03-06,ZZZ,2\n2026-03-06,SPY,3\n');
    const { priceNotes } = await run({ prices: at('partly.csv'), market: 'SPY' });
    expect(priceNotes).toEqual([expect.stringMatching(/partly\.csv has symbols of nobody .* left out: ZZZ\.$/)]);
  });

  it('have an event of the day that --from names in the period, and those before it counted as outside', async () => {
    const dates = ['2026-03-04', '2026-03-09'].map((date) => `{"date":"${date}","ticker":"ACM"}`);
    await writeFile(at('from.jsonl'), `${dates.join('\n')}\n`);
    const { score } = await run({ events: at('from.jsonl'), from: '2026-03-09', to: '2026-03-14' });
    expect(score?.events.map(({ inPeriod }) => inPeriod)).toEqual([false, true]);
    expect(score).toMatchObject({ recall: { hits: 0, of: 1 }, outside: 1 });
  });
});

describe('the folder of a report', { timeout: 300_000 }, () => {
  it('that cannot be written is refused before anything is labelled', async () => {
    await writeFile(at('a_file'), '');
    for (const report of [at('a_file'), at('a_file/deeper/report')]) {
      await expect(
        said('--feed', at('feed.jsonl'), '--cache', at('untouched'), '--report', report),
      ).rejects.toMatchObject({
        code: 'input.invalid',
        message: expect.stringMatching(/^--report: .*a_file.* cannot be a folder: .*a_file is a file/) as string,
      });
    }
    await expect(readFile(at('untouched'))).rejects.toThrow('ENOENT');
  });

  it('is made with its parents', async () => {
    const page = await writeReport(await run({}), at('new/deeper'));
    expect(await readFile(page, 'utf8')).toContain('Backtest of feed.jsonl');
  });
});
