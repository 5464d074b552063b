import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../../core/metrics.ts';
import { createIntake } from '../../ingest/intake.ts';
import { held } from '../core/held_by_signal.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

describe('the intake', () => {
  it('leaves nothing behind in the signal of its source, however often that posts with one of its own', async () => {
    const source = new AbortController();
    const { signal } = new AbortController();
    const { clock, log, state } = bench.context('x', signal);
    const metrics = createMetrics().stage('ingest');
    const intake = createIntake({ dedupe_hours: 24, max_text_chars: 1_000 }, [], {
      stream: bench.stream, state, clock, log, metrics, signal,
    }); // prettier-ignore
    for (let post = 0; post < 20; post += 1) {
      const request = new AbortController();
      const items = [{ guid: String(post), text: `Norvale 亏损扩大 ${post}` }];
      expect(await intake.take('f', items, { signal: request.signal }, source.signal)).toMatchObject({ accepted: 1 });
    }
    expect(held(source.signal)).toBe(0);
    const gone = AbortSignal.abort(new Error('the client left'));
    await expect(intake.take('f', [{ text: 'x' }], { signal: gone }, source.signal)).rejects.toThrow('the client left');
    expect(held(source.signal)).toBe(0);
  });
});

describe('what is refused', { timeout: 60_000 }, () => {
  const open = () => {
    const { signal } = new AbortController();
    const { clock, log, state } = bench.context('x', signal);
    const metrics = bench.context('x', signal).metrics.stage('ingest');
    const settings = { dedupe_hours: 24, max_text_chars: 100 };
    return createIntake(settings, [], { stream: bench.stream, state, clock, log, metrics, signal });
  };
  const long = { guid: 'long', text: '长'.repeat(200) };
  const items = [long, { guid: 'picture', text: '' }, { guid: 'ok', text: 'Norvale 亏损扩大' }];
  const refused = [{ code: 'input.invalid' as const, reason: 'A row has no time.', value: ['', '', null] }];

  it('at each of thirty fetches is one dead letter and one counted error, and is told to its source each time', async () => {
    let intake = open();
    for (let fetched = 0; fetched < 30; fetched += 1) {
      // Known over a restart, too.
      if (fetched === 15) intake = open();
      const receipt = await intake.take('feed', items, { refused });
      expect(receipt.refused.map(({ index }) => index)).toEqual([0, 1]);
    }
    const letters = await bench.deadLetters(3);
    expect(letters.map(({ reason }) => reason)).toEqual([
      'A row has no time.',
      'It has 200 characters; ingest.max_text_chars allows 100.',
      'It has neither text nor title.',
    ]);
    expect(await bench.metric('tidewatch_errors_total')).toBe(3);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'refused_before' })).toBe(29 * 3);
  });

  it('by another feed, for another reason or as another input is a dead letter of its own', async () => {
    const intake = open();
    await intake.take('feed', [long]);
    await intake.take('another', [long]);
    await intake.take('feed', [{ ...long, text: '长'.repeat(300) }]);
    await intake.take('feed', [], { refused });
    await intake.take('feed', [], { refused: refused.map((one) => ({ ...one, value: ['', 'x', null] })) });
    expect(await bench.deadLetters(5)).toHaveLength(5);
  });

  it('after it was sent back is a dead letter again, since the first one is used up', async () => {
    const intake = open();
    await intake.take('feed', [long]);
    await intake.take('feed', [long], { isRedriven: true });
    await intake.take('feed', [long]);
    expect(await bench.deadLetters(2)).toHaveLength(2);
  });
});
