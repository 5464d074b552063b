/** `tidewatch detect`: an anomaly score for each row of any one series, as it comes, nothing known of what follows. */
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { createSeriesDetector } from '../../alerting/detect/detect.ts';
import { fileError, openInput, refuseBadPaths, writeOut } from './in_and_out.ts';
import { readSeries } from './series_csv.ts';

const PROGRESS_MS = 500;
/** The clock is looked at once in so many rows. */
const PROGRESS_ROWS = 256;

interface Options {
  readonly input: string;
  readonly output: string;
  readonly quiet?: boolean;
}

interface Summary {
  rows: number;
  /** Rows whose time lies before that of the row above. */
  backwards: number;
  highest: { score: number; timestamp: string };
}

export function detectCommand(): Command {
  return new Command('detect')
    .description(
      'score each row of a series (CSV: timestamp,value) for how unusual it is: timestamp,value,anomaly_score',
    )
    .requiredOption('--input <file>', 'CSV with the columns timestamp and value; - for standard input')
    .requiredOption('--output <file>', 'CSV to write; - for standard output')
    .option('--quiet', 'no progress and no summary')
    .action(async (options: Options) => {
      refuseBadPaths(options);
      const summary: Summary = { rows: 0, backwards: 0, highest: { score: 0, timestamp: '' } };
      const started = performance.now();
      await writeOut(scored(options, summary), options.output);
      if (options.quiet !== true) process.stderr.write(`${wordsOf(summary, performance.now() - started)}\n`);
    });
}

async function* scored(options: Options, summary: Summary): AsyncGenerator<string> {
  const shows = options.quiet !== true && process.stderr.isTTY;
  const detector = createSeriesDetector();
  let before = -Infinity;
  let told = performance.now();
  yield 'timestamp,value,anomaly_score\n';
  const input = openInput(options.input);
  const bytes = Readable.from(input.bytes, { objectMode: false });
  const rows = readSeries(bytes, options.input === '-' ? 'standard input' : options.input);
  try {
    for await (const { timestamp, value, time, number } of rows) {
      const score = detector.score(time, number);
      summary.rows += 1;
      if (time < before) summary.backwards += 1;
      before = time;
      if (score > summary.highest.score) summary.highest = { score, timestamp };
      if (shows && summary.rows % PROGRESS_ROWS === 0 && performance.now() - told > PROGRESS_MS) {
        told = performance.now();
        process.stderr.write(`\r${summary.rows} rows, at ${timestamp}`);
      }
      yield `${timestamp},${value},${Number(score.toFixed(6))}\n`;
    }
  } catch (error) {
    throw fileError('--input', options.input, 'read', error);
  } finally {
    input.close();
  }
}

function wordsOf({ rows, backwards, highest }: Summary, milliseconds: number): string {
  const clear = process.stderr.isTTY ? '\r' : '';
  const top =
    highest.score === 0 ? 'nothing unusual' : `highest score ${highest.score.toFixed(3)} at ${highest.timestamp}`;
  const rate = ((rows / Math.max(milliseconds, 1)) * 1000).toFixed(0);
  const note = backwards === 0 ? '' : `; ${backwards} go back in time (taken in the order of the file)`;
  return `${clear}${rows} rows, ${top}, ${rate} rows/s${note}`;
}
