/** A recorded feed for runs of the commands in this process: three weeks of one company with a burst of bad news, under a tiny model. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFrom } from '../../alerting/opinions.ts';
import { writeTinyModel } from '../../classifier/tiny_model.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 5);

export interface Line {
  readonly id: string;
  readonly text: string;
  readonly published_at: string;
  readonly source: string;
  readonly author: string;
}

/** In the order of time. The burst begins at the midnight of 20 January. */
export function recordedLines(): Line[] {
  const random = randomFrom(2);
  const quiet = Array.from(
    { length: 21 * 8 },
    (_, index) => [START + index * 3 * HOUR, index % 9 === 0 ? 'loss' : 'meeting'] as const,
  );
  const burst = Array.from({ length: 24 }, (_, index) => [START + 15 * DAY + index * 6 * 60_000, 'loss'] as const);
  return [...quiet, ...burst]
    .toSorted(([a], [b]) => a - b)
    .map(([time, word], index) => ({
      id: `d${index}`,
      // Numbers keep stories apart.
      text: `acme ${word} ${Math.floor(random() * 1e6)} of ${Math.floor(random() * 1e6)}`,
      published_at: new Date(time).toISOString(),
      source: `outlet ${index % 9}`,
      author: `writer ${index}`,
    }));
}

export const asJsonLines = (lines: readonly object[]): string =>
  `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;

/** A CSV whose times are what a clock in Beijing shows, without a zone. */
export function asBeijingCsv(lines: readonly Line[]): string {
  const rows = lines.map(({ id, text, published_at, source, author }) => {
    const clock = new Date(Date.parse(published_at) + 8 * HOUR).toISOString().slice(0, 19).replace('T', ' ');
    return `${id},${text},${clock},${source},${author}`;
  });
  return `id,text,published_at,source,author\n${rows.join('\n')}\n`;
}

/** Model, watchlist and settings in a folder. The path of the settings. */
export async function writeSettings(folder: string): Promise<string> {
  writeTinyModel(join(folder, 'model'));
  await writeFile(
    join(folder, 'watchlist.yaml'),
    "entities:\n  - { id: acme, name: Acme, name_zh: 爱科米, kind: company, tickers: [ACM], codes: ['600519'] }\n",
  );
  const file = join(folder, 'settings.yaml');
  await writeFile(
    file,
    [
      'log: { level: silent }',
      'data_dir: data',
      'ingest: { watchlists: [watchlist.yaml] }',
      'classifier: { backend: { type: onnx, model: model, threads: 1 }, entity_sentiment: off }',
      'alerting: { window_hours: 12, series: [entity] }',
    ].join('\n'),
  );
  return file;
}
