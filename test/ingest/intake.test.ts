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
