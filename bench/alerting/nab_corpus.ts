/**
 * The 48 series of the Numenta Anomaly Benchmark that are not tweet volumes, with their labelled windows, read from an
 * unpacked folder (data/, labels/combined_windows.json). Not part of the project: MIT, numenta/NAB.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export interface LabelledSeries {
  /** `category/file.csv`, as in NAB's labels. */
  readonly name: string;
  readonly category: string;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last row of each window. */
  readonly windows: readonly (readonly [number, number])[];
}

export function readCorpus(folder: string): LabelledSeries[] {
  const labels = join(folder, 'labels', 'combined_windows.json');
  if (!existsSync(labels)) {
    throw new Error(
      `There is no ${labels}. Unpack the benchmark and name its folder with --nab, for example: ` +
        'mkdir /tmp/nab && tar xzf ../shared/data/nab-without-realTweets.tar.gz -C /tmp/nab, then --nab /tmp/nab/nab',
    );
  }
  const windows = JSON.parse(readFileSync(labels, 'utf8')) as Record<string, [string, string][]>;
  return readdirSync(join(folder, 'data'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .flatMap((category) =>
      readdirSync(join(folder, 'data', category))
        .filter((file) => file.endsWith('.csv'))
        .sort()
        .map((file) => readSeries(folder, category, file, windows[`${category}/${file}`] ?? [])),
    );
}

function readSeries(
  folder: string,
  category: string,
  file: string,
  windows: readonly [string, string][],
): LabelledSeries {
  const lines = readFileSync(join(folder, 'data', category, file), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  const times = new Float64Array(lines.length);
  const values = new Float64Array(lines.length);
  lines.forEach((line, row) => {
    const comma = line.indexOf(',');
    times[row] = timeOf(line.slice(0, comma));
    values[row] = Number(line.slice(comma + 1));
  });
  return {
    name: `${category}/${file}`,
    category,
    times,
    values,
    windows: windows.map(([from, to]) => [times.indexOf(timeOf(from)), times.lastIndexOf(timeOf(to))] as const),
  };
}

function timeOf(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`);
}
