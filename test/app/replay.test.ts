import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSettings } from '../../app/config.ts';
import { replay, type ReplaySummary } from '../../app/replay.ts';
import { asBeijingCsv, asJsonLines, recordedLines, writeSettings } from './backtest/recorded.ts';

let folder: string;
let config: string;
const at = (name: string): string => join(folder, name);
const lines = recordedLines();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-replay-'));
  config = await writeSettings(folder);
  await writeFile(at('feed.jsonl'), asJsonLines(lines));
  await writeFile(at('beijing.csv'), asBeijingCsv(lines));
  await writeFile(at('reversed.jsonl'), asJsonLines(lines.toReversed()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Go {
  readonly feed: string;
  readonly data: string;
  readonly timeZone?: string;
  readonly windowHours?: number;
}

function go({ feed, data, timeZone, windowHours }: Go): Promise<ReplaySummary> {
  const settings = readSettings(config, { dataDir: at(data) });
  if (windowHours !== undefined) settings.alerting.window_hours = windowHours;
  return replay(settings, {
    feed: at(feed),
    speed: 'max',
    timeZone: timeZone ?? null,
    alertsFile: at(`${data}.alerts.jsonl`),
    notify: false,
    progress: false,
  });
}

/** When what was told of whom, without ids, which differ with the feed's own. */
async function told(data: string): Promise<unknown[]> {
  const text = await readFile(at(`${data}.alerts.jsonl`), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { state, at: time, entity, observed } = JSON.parse(line) as Record<string, unknown>;
      return [state, time, entity, observed];
    });
}

it('reads Beijing’s clock as UTC where nothing is said, counts such times, and reads it rightly with a zone', async () => {
  expect(await go({ feed: 'feed.jsonl', data: 'utc' })).toMatchObject({ without_zone: 0, late: 0, too_old: 0 });
  expect(await go({ feed: 'beijing.csv', data: 'zoned', timeZone: 'Asia/Shanghai' })).toMatchObject({
    without_zone: 0,
  });
  expect(await told('utc')).not.toEqual([]);
  expect(await told('zoned')).toEqual(await told('utc'));
  expect(await go({ feed: 'beijing.csv', data: 'plain' })).toMatchObject({ without_zone: lines.length });
}, 300_000);

it('counts what came late in a feed that is sorted newest first', async () => {
  const { documents, late, too_old: tooOld } = await go({ feed: 'reversed.jsonl', data: 'reversed' });
  expect(late + tooOld).toBeGreaterThan(documents * 0.9);
}, 300_000);

it('is refused over a folder of another feed or other settings, and goes over it again with the same', async () => {
  const first = await go({ feed: 'feed.jsonl', data: 'again' });
  const again = await go({ feed: 'feed.jsonl', data: 'again' });
  expect(again).toMatchObject({ documents: first.documents, alerts: first.alerts });
  const refused = (why: string) =>
    expect.objectContaining({
      code: 'input.invalid',
      message: expect.stringContaining(`again holds a replay of ${why}`) as string,
      hint: 'Name another folder with --data.',
    }) as Error;
  await expect(go({ feed: 'feed.jsonl', data: 'again', windowHours: 24 })).rejects.toEqual(refused('other settings'));
  await expect(go({ feed: 'reversed.jsonl', data: 'again' })).rejects.toEqual(refused('another feed'));
}, 300_000);
