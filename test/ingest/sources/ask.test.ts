import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../../core/component.ts';
import { createMetrics } from '../../../core/metrics.ts';
import { createMemoryState } from '../../../core/state/memory.ts';
import { ask } from '../../../ingest/sources/ask.ts';
import { retryAfterMs } from '../../../ingest/sources/retry_after.ts';

const NOW = Date.UTC(2026, 2, 10, 8);
const SIX_HOURS = 6 * 3_600_000;

describe('Retry-After', () => {
  it.each([
    ['120', 120_000], ['Tue, 10 Mar 2026 08:01:00 GMT', 60_000], ['Tue, 10 Mar 2026 07:00:00 GMT', 0], ['soon', null], [undefined, null],
    ['999999999', SIX_HOURS], ['9'.repeat(400), SIX_HOURS], ['Tue, 10 Mar 2126 08:00:00 GMT', SIX_HOURS],
  ])('%j is %j milliseconds', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  }); // prettier-ignore
});

describe('a service that asks to be left alone', () => {
  it.each(['999999999', 'Tue, 10 Mar 2126 08:00:00 GMT'])(
    'until %s is left alone for six hours, by all that ask its host',
    async (header) => {
      const time = { now: NOW };
      const slept: number[] = [];
      const answers = [429, 200];
      const context: Context = {
        name: 'x',
        clock: {
          now: () => time.now,
          async sleep(ms) {
            slept.push(ms);
            time.now += ms;
          },
        },
        log: pino({ level: 'silent' }),
        metrics: createMetrics(),
        signal: new AbortController().signal,
        state: createMemoryState(),
        http: {
          fetch: async (url) => ({
            status: answers.shift() ?? 200,
            url,
            movedPermanently: false,
            headers: { 'retry-after': header },
            body: Buffer.from('{}'),
          }),
        } as Partial<Context['http']> as Context['http'],
      };
      const question = { url: 'https://api.example/a', gapMs: 1, forbiddenHint: 'no' };
      await expect(ask(context, question)).rejects.toMatchObject({ retryAfterMs: SIX_HOURS });
      expect((await ask(context, { ...question, url: 'https://api.example/b' })).status).toBe(200);
      expect(slept.reduce((sum, ms) => sum + ms, 0)).toBe(SIX_HOURS);
    },
  );
});
