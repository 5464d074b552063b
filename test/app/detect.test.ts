import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { detectCommand } from '../../app/commands/detect.ts';
import { readSeries, timeOf } from '../../app/commands/series_csv.ts';
import { TidewatchError } from '../../core/errors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-detect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(text: string): Promise<{ timestamp: string; time: number; number: number }[]> {
  const rows = [];
  for await (const row of readSeries(Readable.from([text]), 'series.csv')) rows.push(row);
  return rows;
}

async function refusal(text: string): Promise<string> {
  const error: unknown = await read(text).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TidewatchError);
  expect((error as TidewatchError).code).toBe('input.invalid');
  return (error as TidewatchError).message;
}

async function run(input: string, output: string): Promise<void> {
  await detectCommand().parseAsync(['--quiet', '--input', input, '--output', output], { from: 'user' });
}

describe('a series as CSV', () => {
  it('is read with its columns in any order, more columns, a byte order mark, quotes and either line end', async () => {
    const rows = await read(
      '\uFEFFvalue,note,Timestamp\r\n3,"a,b",2026-03-02 00:05:00\r\n\r\n-1.5e2,,2026-03-02T00:10:00+08:00\r\n',
    );
    expect(rows.map(({ time, number }) => [time, number])).toEqual([
      [Date.UTC(2026, 2, 2, 0, 5), 3],
      [Date.UTC(2026, 2, 1, 16, 10), -150],
    ]);
  });

  it('knows times with and without zone, and seconds and milliseconds since 1970', () => {
    expect(timeOf('2014-07-01')).toBe(Date.UTC(2014, 6, 1));
    expect(timeOf('2014-07-01 00:30:00.000000')).toBe(Date.UTC(2014, 6, 1, 0, 30));
    expect(timeOf('1404174600')).toBe(Date.UTC(2014, 6, 1, 0, 30));
    expect(timeOf('1404174600000')).toBe(Date.UTC(2014, 6, 1, 0, 30));
    for (const text of ['', 'yesterday', '01/07/2014', '2014-13-01 00:00:00', '2014-07-01 25:00:00'])
      expect(timeOf(text)).toBeNull();
  });

  it('is refused with the line, what is wrong and what would be right', async () => {
    expect(await refusal('')).toBe('series.csv is empty: not even a header line');
    expect(await refusal('time,value\n1,2\n')).toMatch(/line 1: the header has no column timestamp \(time, value\)/);
    expect(await refusal('timestamp,count\n')).toMatch(/line 1: the header has no column value/);
    expect(await refusal('timestamp,value\n2026-03-02,1\nsoon,2\n')).toMatch(/line 3: timestamp is not a time: "soon"/);
    expect(await refusal('timestamp,value\n2026-03-02,1\n2026-03-03,n/a\n')).toMatch(
      /line 3: value is not a finite number: "n\/a"/,
    );
    expect(await refusal('timestamp,value\n2026-03-02,\n')).toMatch(/line 2: value is not a finite number: ""/);
    expect(await refusal('timestamp,value\n2026-03-02,Infinity\n')).toMatch(/line 2: value/);
    expect(await refusal('timestamp,value\n2026-03-02\n')).toMatch(/line 2: /);
    expect(await refusal('timestamp,value\n2026-03-02,"1\n')).toMatch(/line \d: /);
    expect(await refusal(`timestamp,value\n2026-03-02,${'9'.repeat(70_000)}\n`)).toMatch(/line \d: /);
  });
});

describe('tidewatch detect', () => {
  it('writes each row again with its score, the same whatever follows', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => {
      const time = new Date(Date.UTC(2026, 2, 2) + index * 300_000).toISOString();
      return `${time},${index === 250 ? 900 : 20 + ((index * 7) % 11)}`;
    });
    const input = join(folder, 'series.csv');
    const output = join(folder, 'scores.csv');
    await writeFile(input, ['timestamp,value', ...lines, ''].join('\n'));
    await run(input, output);
    const scored = (await readFile(output, 'utf8')).trim().split('\n');
    expect(scored[0]).toBe('timestamp,value,anomaly_score');
    expect(scored.slice(1).map((line) => line.slice(0, line.lastIndexOf(',')))).toEqual(lines);
    const scores = scored.slice(1).map((line) => Number(line.slice(line.lastIndexOf(',') + 1)));
    expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
    expect(scores.indexOf(Math.max(...scores))).toBe(250);

    const half = join(folder, 'half.csv');
    await writeFile(input, ['timestamp,value', ...lines.slice(0, 260), ''].join('\n'));
    await run(input, half);
    expect((await readFile(half, 'utf8')).trim().split('\n')).toEqual(scored.slice(0, 261));
  });

  it('refuses a missing input, an output that is the input, and an output that cannot be written', async () => {
    const input = join(folder, 'one.csv');
    await writeFile(input, 'timestamp,value\n2026-03-02,1\n');
    await expect(run(join(folder, 'none.csv'), '-')).rejects.toThrow(/there is no file/);
    await expect(run(input, input)).rejects.toThrow(/is the input itself/);
    await expect(run(input, join(folder, 'no', 'such', 'folder.csv'))).rejects.toThrow(
      /--output: .* cannot be written: ENOENT/,
    );
    await expect(run(folder, '-')).rejects.toThrow(/--input: .* cannot be read: EISDIR/);
    expect(await readFile(input, 'utf8')).toContain('2026-03-02,1');
  });
});
