import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../core/component.ts';
import { TidewatchError } from '../../../core/errors.ts';
import { createInbox } from '../../../ingest/sources/inbox.ts';
import { createPostFilter } from '../../../ingest/sources/post_filter.ts';
import { CONNECTION_BACKOFF, POLL_BACKOFF, pauseMs, repeat } from '../../../ingest/sources/repeat.ts';

describe('the pause after failures', () => {
  const away = { retryable: true };
  it('doubles up to its limit, and is spread between half and all of it', () => {
    expect([1, 2, 3, 4, 50].map((failures) => pauseMs(CONNECTION_BACKOFF, failures, away, 0))).toEqual([
      500, 1000, 2000, 4000, 60_000,
    ]);
    expect(pauseMs(POLL_BACKOFF, 1, away, 0.999_999)).toBe(15_000);
  });
  it('is no shorter than the server asks', () => {
    expect(pauseMs(CONNECTION_BACKOFF, 1, { ...away, retryAfterMs: 90_000 }, 0)).toBe(90_000);
  });
  it('is long at once where no retry will help', () => {
    expect(pauseMs(POLL_BACKOFF, 1, new TidewatchError('http.status', 'x answered 401'), 0)).toBe(15 * 60_000);
  });
});

describe('attempts that fail after three minutes', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** The pauses of five attempts, without their spread. */
  async function pauses(isConnected: boolean): Promise<number[]> {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const left = new AbortController();
    const waits: number[] = [];
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        waits.push(ms);
        if (waits.length === 5) left.abort();
      },
    };
    const metrics = { stage: () => ({ error: () => undefined }) };
    const context = { clock, metrics, signal: left.signal } as unknown as Context;
    const condition = { read: vi.fn(), succeeded: vi.fn(), failed: vi.fn(), died: vi.fn() };
    await repeat(context, condition, POLL_BACKOFF, async (connected) => {
      if (isConnected) connected();
      now += 180_000;
      throw new TidewatchError('http.unavailable', 'It timed out');
    });
    return waits;
  }

  it('are a good connection, with pauses that begin anew, only where they were connected', async () => {
    expect(await pauses(true)).toEqual([15_000, 15_000, 15_000, 15_000, 15_000]);
    expect(await pauses(false)).toEqual([15_000, 30_000, 60_000, 120_000, 240_000]);
  });
});

describe('an inbox', () => {
  it('gives what came in order, in batches of bounded size, and ends when it is closed', async () => {
    const inbox = createInbox<number>(2000);
    for (let number = 0; number < 1000; number += 1) inbox.push(number);
    inbox.close();
    const batches: number[][] = [];
    for await (const batch of inbox.batches()) batches.push(batch);
    expect(batches.flat()).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(400);
  });
  it('gives a single message after a moment, and more while the reader was away', async () => {
    const inbox = createInbox<string>(10);
    const batches = inbox.batches();
    const first = batches.next();
    inbox.push('a');
    expect((await first).value).toEqual(['a']);
    inbox.push('b');
    inbox.push('c');
    expect((await batches.next()).value).toEqual(['b', 'c']);
    inbox.close();
    expect((await batches.next()).done).toBe(true);
  });
  it('is full at its limit, and says what happens then', () => {
    const inbox = createInbox<number>(2);
    inbox.push(1);
    inbox.push(2);
    expect(() => inbox.push(3)).toThrow(/2 messages wait/);
  });
});

describe('a filter of posts', () => {
  const filter = (over: object) => createPostFilter({ keywords: [], cashtags: false, languages: [], ...over });
  it('wants everything where nothing is asked for', () => {
    expect(filter({})('anything', [])).toBe(true);
  });
  it('finds whole words in any case, and Chinese ones anywhere', () => {
    const wants = filter({ keywords: ['Gap', 'AT&T', '$AAPL', '茅台', 'rate cut'] });
    for (const text of ['GAP closes', 'mind the gap', 'AT&T.', 'buy $aapl!', '贵州茅台业绩', 'a Rate Cut.', '涨gap涨'])
      expect(wants(text, []), text).toBe(true);
    for (const text of ['gaping', 'a stopgap', 'AT&Tx', '$AAPLX', '茅 台', 'rate  cuts', ''])
      expect(wants(text, []), text).toBe(false);
  });
  it('goes by the language that a post says, where it says one', () => {
    const wants = filter({ languages: ['en', 'zh'] });
    expect([wants('x', ['en-GB']), wants('x', ['de', 'zh-Hant']), wants('x', ['de']), wants('x', [])]).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
  it('takes cashtags beside words', () => {
    const wants = filter({ keywords: ['profit'], cashtags: true });
    expect([wants('$TSLA up', []), wants('profit', []), wants('US$5 loss', [])]).toEqual([true, true, false]);
  });
});
