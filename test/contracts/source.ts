/**
 * What every source promises, as one suite that each of them runs: over a real state and stream, at a real origin (a
 * file, a local server, a client that posts). What only one source can do is tested beside that source.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createComponent, type ComponentSettings } from '../../core/config.ts';
import { sources } from '../../ingest/registry.ts';
import { ingestSettings } from '../../ingest/settings.ts';
import type { Emit, RawItem, Removal, Source } from '../../ingest/source.ts';
import { WARN, eventually, hastyClock, openWorkbench, type Workbench } from '../ingest/workbench.ts';

export interface OfferedItem {
  readonly id: string;
  readonly text: string;
  /** ISO 8601. */
  readonly time: string;
}

export interface Origin {
  /** Settings of a source at this origin, with its type. */
  readonly settings: ComponentSettings;
  /**
   * Makes items available beside those offered before: at once where the source comes for them; a client that posts
   * tries until it is told 202 or the origin is closed.
   */
  offer(items: readonly OfferedItem[]): Promise<void>;
  /** Makes input available that is broken in a way typical for this origin; as `offer`. */
  offerGarbage(): Promise<void>;
  /** Tells that an item offered before was deleted; absent where the origin's protocol has no such thing. */
  offerRemoval?(id: string): Promise<void>;
  /** Makes the origin fail whoever comes, and work again; absent where we are the server, or it is a file. */
  fail?(isFailing: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Longest that an origin may need between two looks of the source, with the sleeps of a test. */
const SETTLE_MS = 400;

/** Half an hour ago, to the second: recent enough for origins that only look back so far. */
const START = Math.floor(Date.now() / 1000 - 1800) * 1000;

const item = (number: number): OfferedItem => ({
  id: `item-${number}`,
  text: `Report number ${number} about harvest ${number * 7919} of region ${number * 104729}`,
  time: new Date(START + number * 1000).toISOString(),
});
const range = (from: number, to: number): OfferedItem[] =>
  Array.from({ length: to - from }, (_, index) => item(from + index));
const idOf = (text: string): string => `item-${/number (\d+)/.exec(text)?.[1] ?? '?'}`;
const idOfItem = ({ title, text }: RawItem): string => idOf(`${title ?? ''} ${text}`);

export function describeSourceContract(name: string, openOrigin: (folder: string) => Promise<Origin>): void {
  describe(`the ${name} source keeps the source contract`, { timeout: 60_000 }, () => {
    let bench: Workbench;
    let origin: Origin;
    beforeEach(async () => {
      bench = await openWorkbench();
      origin = await openOrigin(bench.folder);
    });
    afterEach(async () => {
      await origin.close();
      await bench.close();
    });

    const create = (stop: AbortController): Promise<Source> => {
      const [settings = origin.settings] = ingestSettings.parse({ sources: [origin.settings] }).sources;
      return createComponent(sources, settings, bench.context(settings.name, stop.signal));
    };

    it('brings each item once, with its text and time, under a stable id', async () => {
      const offered = origin.offer(range(0, 3));
      const stage = await bench.start({ sources: [origin.settings] });
      await offered;
      const documents = await bench.documents(3);
      expect(documents.map(({ text }) => idOf(text))).toEqual(['item-0', 'item-1', 'item-2']);
      expect(documents[1]).toMatchObject({
        text: item(1).text,
        published_at: item(1).time,
        published_at_estimated: false,
        feed: origin.settings.name,
        language: 'en',
      });
      expect(new Set(documents.map(({ id }) => id)).size).toBe(3);
      expect(stage.health()[0]).toMatchObject({ name: origin.settings.name, type: origin.settings.type, items: 3 });
    });

    it('goes on after a restart: nothing is lost and nothing comes twice', async () => {
      const offered = origin.offer(range(0, 4));
      const first = await bench.start({ sources: [origin.settings] });
      await offered;
      await bench.documents(4);
      await first.stop();
      const more = origin.offer(range(4, 6));
      await bench.start({ sources: [origin.settings] });
      await more;
      const documents = await bench.documents(6);
      expect(documents.map(({ text }) => idOf(text)).sort()).toEqual(range(0, 6).map(({ id }) => id));
    });

    it('ends within two seconds of an abort, also while its items wait for room', async () => {
      for (const emit of [
        async () => ({ accepted: 0, duplicates: 0, refused: [], rememberedMs: 3_600_000 }),
        waitForever,
      ] as Emit[]) {
        const stop = new AbortController();
        const source = await create(stop);
        void origin.offer(range(0, 2));
        const run = source.run((items, options) => emit(items, { signal: options?.signal ?? stop.signal }));
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        const aborted = performance.now();
        stop.abort(new Error('stopping'));
        await run;
        expect(performance.now() - aborted).toBeLessThan(2000);
      }
    });

    it('repeats at most one batch after a crash between the stream and its cursor', async () => {
      const before: RawItem[][] = [];
      const crash = new AbortController();
      const offered = origin.offer(range(0, 5));
      const crashed = (await create(crash)).run(async (items, options) => {
        before.push([...items]);
        // The items are durable; the process dies before the source hears of it.
        return waitForever(items, { signal: options?.signal ?? crash.signal });
      });
      await eventually(() => before.length > 0);
      crash.abort(new Error('killed'));
      await crashed;

      const after: RawItem[] = [];
      const stop = new AbortController();
      const run = (await create(stop)).run(async (items) => {
        after.push(...items);
        return { accepted: items.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
      });
      const seen = (): Set<string> => new Set([...before.flat(), ...after].map(idOfItem));
      await offered;
      await eventually(() => seen().size === 5);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      stop.abort(new Error('stopping'));
      await run;
      const repeated = after.filter((item) => before.flat().some((earlier) => idOfItem(earlier) === idOfItem(item)));
      expect(before).toHaveLength(1);
      expect(repeated.length).toBeLessThanOrEqual(before.flat().length);
    });

    it('passes on what its origin deleted, under the id by which it came', async ({ skip }) => {
      if (origin.offerRemoval === undefined) skip('its protocol tells of no deletions');
      const stop = new AbortController();
      const items: RawItem[] = [];
      const removed: Removal[] = [];
      const offered = origin.offer(range(0, 2));
      const run = (await create(stop)).run(async (batch, options) => {
        items.push(...batch);
        removed.push(...(options?.removed ?? []));
        return { accepted: batch.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
      });
      await offered;
      await eventually(() => items.length >= 2);
      await origin.offerRemoval?.('item-1');
      await eventually(() => removed.length > 0);
      stop.abort(new Error('stopping'));
      await run;
      const { guid, source } = items.find((item) => idOfItem(item) === 'item-1') ?? {};
      expect(removed).toEqual([{ guid, ...(source === undefined ? {} : { source }), reason: 'deleted' }]);
    });

    it('says why it fails and when it tries again, ever more seldom, and goes on when its origin works', async ({
      skip,
    }) => {
      if (origin.fail === undefined) skip('its origin cannot fail');
      await origin.fail?.(true);
      const pauses: number[] = [];
      const sleep: typeof hastyClock.sleep = (ms, signal) => {
        // Not the look at every source, once a minute (supervise.ts).
        if (ms !== 60_000) pauses.push(ms);
        return hastyClock.sleep(ms, signal);
      };
      const stage = await bench.start({ sources: [origin.settings] }, { clock: { ...hastyClock, sleep } });
      await eventually(async () => (await bench.metric('tidewatch_errors_total')) >= 5);
      const health = stage.health()[0];
      expect(health).toMatchObject({ status: 'failing', items: 0, last_success_at: null });
      expect(health?.reason).toMatch(/\w{3,}.*\w{3,}/);
      expect(Date.parse(health?.next_attempt_at ?? '')).toBeGreaterThan(Date.now());
      expect(Math.max(...pauses)).toBeGreaterThan(4 * (pauses.find((ms) => ms >= 500) ?? Infinity));
      expect(bench.lines.filter(({ level }) => level >= WARN)).toHaveLength(1);
      await origin.fail?.(false);
      const offered = origin.offer(range(0, 2));
      await offered;
      expect(await bench.documents(2)).toHaveLength(2);
      expect(stage.health()[0]).toMatchObject({ status: 'ok', reason: null });
    });

    it('survives garbage: what is wrong is counted, the rest comes', async () => {
      const offered = [origin.offerGarbage(), origin.offer(range(0, 2))];
      const stage = await bench.start({ sources: [origin.settings] });
      await Promise.all(offered);
      const documents = await bench.documents(2);
      expect(documents.map(({ text }) => idOf(text))).toEqual(['item-0', 'item-1']);
      expect(await bench.metric('tidewatch_errors_total')).toBeGreaterThan(0);
      expect(stage.health()[0]?.status).not.toBe('starting');
    });
  });
}

/** An emit whose stream has no room until the signal aborts. */
const waitForever: Emit = (_, options) =>
  new Promise((_resolve, reject) => {
    const { signal } = options ?? {};
    if (signal?.aborted === true) reject(signal.reason as Error);
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
