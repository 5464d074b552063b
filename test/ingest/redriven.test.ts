import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../core/metrics.ts';
import { TOPICS } from '../../core/stream/stream.ts';
import { openAuthors } from '../../ingest/authors.ts';
import { createIntake } from '../../ingest/intake.ts';
import { takeRedriven } from '../../ingest/redriven.ts';
import type { RawItem } from '../../ingest/source.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

const LONG = 'A sentence that is longer than forty characters, it seems.';

let bench: Workbench;
let stop: AbortController;
beforeEach(async () => {
  bench = await openWorkbench();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await bench.close();
});

function intakeOf(chars: number) {
  const { clock, log, state } = bench.context('x', stop.signal);
  const metrics = createMetrics().stage('ingest');
  return createIntake({ dedupe_hours: 72, max_text_chars: chars }, [], {
    stream: bench.stream, state, clock, log, metrics, signal: stop.signal,
  }); // prettier-ignore
}

describe('an item that is sent back', () => {
  it('keeps its author as it was stored, so that who asks to be forgotten is found', async () => {
    await intakeOf(40).take('feed', [
      { guid: '1', text: LONG, author: '@Ann' },
      { guid: '2', text: 'short', author: 'ann' },
    ]);
    const [letter] = await bench.deadLetters(1);
    await bench.stream.append(TOPICS.items, [{ key: 'feed', value: letter?.value }]);
    const { log, state } = bench.context('x', stop.signal);
    const taking = takeRedriven({ stream: bench.stream, intake: intakeOf(4000), log, signal: stop.signal });
    const [short, long] = await bench.documents(2);
    stop.abort(new Error('enough'));
    await taking;
    expect(long).toMatchObject({ text: LONG, author: short?.author });
    expect(openAuthors({}, state).forms('ann')).toContain(long?.author);
  });

  it('and is refused again keeps it too, and a name that is none of ours is hashed', async () => {
    const intake = intakeOf(40);
    await intake.take('feed', [{ guid: '1', text: LONG, author: 'ann' }]);
    const [letter] = await bench.deadLetters(1);
    const again = [letter?.value as RawItem, { guid: '3', text: LONG, author: 'ann' }];
    await intake.take('feed', again, { isRedriven: true });
    const authors = (await bench.deadLetters(3)).map(({ value }) => (value as RawItem).author);
    expect(authors).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^u_[0-9a-f]{32}$/) as string));
    expect(new Set(authors).size).toBe(1);
  });
});
