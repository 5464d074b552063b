/** Takes the same 1,500 posts in, from the first on, batch by batch, and says `done` at the end: for kill.test.ts, which kills it. */
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../core/clock.ts';
import { createMetrics } from '../../core/metrics.ts';
import { openState } from '../../core/state/lmdb.ts';
import { embeddedStreamSettings, openEmbeddedStream } from '../../core/stream/embedded.ts';
import { createIntake } from '../../ingest/intake.ts';

export const POSTS = 1_500;
export const BATCH = 25;

export function post(number: number) {
  // Each third repeats the text of an earlier one, by somebody else.
  const text = number % 3 === 2 ? number - 2 : number;
  const word = (at: number): string => `w${(text * 31 + at * 7919) % 9973}`;
  return {
    guid: `${number}`,
    author: `author ${number % 200}`,
    source: 'birdsong',
    source_class: 'social' as const,
    published_at: new Date(Date.UTC(2026, 2, 2) + number * 1_000).toISOString(),
    text: Array.from({ length: 14 }, (_, at) => word(at)).join(' '),
  };
}

async function main(folder: string): Promise<void> {
  const log = pino({ level: 'silent' });
  const state = await openState(join(folder, 'state'));
  const parts = { folder: join(folder, 'stream'), clock: systemClock, log };
  const stream = await openEmbeddedStream(embeddedStreamSettings.parse({}), parts);
  const intake = createIntake({ dedupe_hours: 24, max_text_chars: 1_000, authors: 'plain' }, [], {
    stream, state, clock: systemClock, log, metrics: createMetrics().stage('ingest'), signal: new AbortController().signal,
  }); // prettier-ignore
  process.stdout.write('open\n');
  for (let from = 0; from < POSTS; from += BATCH) {
    await intake.take(
      'birds',
      Array.from({ length: BATCH }, (_, at) => post(from + at)),
    );
  }
  await stream.close();
  await state.close();
  process.stdout.write('done\n');
}

const [, program = '', folder] = process.argv;
if (program.endsWith('kill_process.ts') && folder !== undefined) await main(folder);
