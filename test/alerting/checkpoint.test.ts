/** What is on disk is what the watch remembers, whatever was written in parts, undone or forgotten on the way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rowsOf } from '../../alerting/baseline_rows.ts';
import { openCheckpoint } from '../../alerting/checkpoint.ts';
import { createExposures } from '../../alerting/exposure.ts';
import { packHindsight } from '../../alerting/hindsight.ts';
import type { WatchState } from '../../alerting/memory.ts';
import { newPast, type Past } from '../../alerting/past.ts';
import { forgetIn } from '../../alerting/removal.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch, type Watch } from '../../alerting/watch.ts';
import { seriesKey } from '../../core/event.ts';
import type { Removal } from '../../core/removal.ts';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import { DAY, HOUR, START, opinionOf, randomFrom } from './opinions.ts';
import { saveWatch } from './saving.ts';

const rulesWith = (settings: object) => rulesOf(alertingSettings.parse(settings), 'global', [], new Map());
const rules = rulesWith({});
const { bucketMs: BUCKET, windowMs: WINDOW } = rules.window;

let folder: string;
let state: State;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-checkpoint-'));
  state = await openState(join(folder, 'state'));
});
afterEach(async () => {
  await state.close();
  await rm(folder, { recursive: true });
});

const watchOf = (remembered?: WatchState, by = rules): Watch =>
  createWatch(by, [], () => ({ en: '', zh: '' }), remembered);

/** Everything that decides what is judged next; order among what waits, and buffers' spare room, do not. */
function essence({ closed, records }: WatchState) {
  return {
    closed,
    records: [...records]
      .map(([key, { series, waiting, buckets, past, hindsight }]) => ({
        key,
        series,
        waiting: waiting.toSorted((a, b) => a.id.localeCompare(b.id)),
        buckets,
        past: [past.block, past.lane, past.negative, past.stories].map((column) => [...column.subarray(0, past.size)]),
        hindsight: hindsight === null ? null : packHindsight(hindsight),
      }))
      .toSorted((a, b) => a.key.localeCompare(b.key)),
  };
}

describe('the checkpoint', () => {
  it.each([1, 2, 3, 4])(
    'gives back what was remembered at every save, over late documents, removals and restarts (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      let checkpoint = openCheckpoint(state, WINDOW);
      let watch = watchOf();
      let number = 0;
      let hour = 0;
      for (let round = 0; round < 120; round += 1) {
        for (let count = Math.floor(random() * 6); count > 0; count -= 1) {
          number += 1;
          const late = random() < 0.15 ? random() * 12 * HOUR : 0;
          const facts = { author: `author ${Math.floor(random() * 5)}`, story: `story ${Math.floor(random() * 400)}` };
          const entities = [`e${Math.floor(random() * 4)}`];
          const time = START + hour * HOUR + random() * HOUR - late;
          watch.take(opinionOf({ id: `d${number}`, time, entities, negative: random(), ...facts }));
        }
        const chance = random();
        if (chance < 0.35) {
          hour += 1 + (chance < 0.03 ? 15 : 0);
          watch.advance(START + (hour - 1) * HOUR);
        } else if (chance < 0.4) {
          const removal = { kind: 'document', values: [`d${number - 1}`], outlet: null } as unknown as Removal;
          forgetIn(watch.state, watch.touched, [removal]);
        } else if (chance < 0.45) {
          // A transaction that was undone: nothing of it counts, and the next one has it all.
          await expect(
            state.transaction(() => {
              checkpoint.save(watch.state, watch.touched, new Map());
              throw new Error('undone');
            }),
          ).rejects.toThrow('undone');
        }
        await saveWatch(state, checkpoint, watch);
        const loaded = openCheckpoint(state, WINDOW).load(BUCKET).state;
        expect(essence(loaded)).toEqual(essence(watch.state));
        if (chance > 0.9) {
          checkpoint = openCheckpoint(state, WINDOW);
          watch = watchOf(checkpoint.load(BUCKET).state);
        }
      }
      expect([...watch.state.records.values()].some(({ hindsight }) => hindsight !== null)).toBe(true);
      expect(hour).toBeGreaterThan(20);
      expect(watch.state.records.size).toBeGreaterThan(5);
    },
  );

  it('takes over what an earlier version wrote in one, and leaves nothing of it', async () => {
    const watch = watchOf();
    for (let index = 0; index < 40; index += 1) {
      watch.take(opinionOf({ id: `d${index}`, time: START + index * 0.2 * HOUR, entities: [`e${index % 3}`] }));
    }
    watch.advance(START + 5 * HOUR);
    const checkpoint = openCheckpoint(state, WINDOW);
    await state.transaction(() => checkpoint.save(watch.state, watch.touched, new Map()));
    const expected = essence(watch.state);
    // As it was: one value a series, with buckets and what waits within.
    const heads = state.table<object>('alerting.pasts');
    await state.transaction(() => {
      for (const { key, value } of Array.from(heads.entries())) {
        const { waiting = [], buckets = [] } = watch.state.records.get(key) ?? {};
        const packed = buckets.map((bucket) => ({ ...bucket, copies: [...(bucket.copies ?? [])] }));
        void heads.put(key, { ...value, waiting, buckets: packed });
      }
      for (const name of ['alerting.buckets', 'alerting.waiting']) {
        for (const { key } of Array.from(state.table(name).entries())) void state.table(name).remove(key);
      }
    });
    const later = openCheckpoint(state, WINDOW);
    const again = watchOf(later.load(BUCKET).state);
    expect(essence(again.state)).toEqual(expected);
    await state.transaction(() => later.save(again.state, again.touched, new Map()));
    expect(essence(openCheckpoint(state, WINDOW).load(BUCKET).state)).toEqual(expected);
    expect([...heads.entries()].filter(({ value }) => 'buckets' in value)).toEqual([]);
  });

  describe('after the length of the window was changed', () => {
    const END = START + 8 * DAY + 11 * HOUR;
    const KEY = seriesKey({ kind: 'entity', entity: 'acme', topic: null });

    /** Two feeds, a story every hour and every other hour; the last block of 8 hours has run for 3 of them. */
    function watched(by = rules): Watch {
      const watch = watchOf(undefined, by);
      for (let at = START; at < END; at += HOUR) {
        for (const [feed, every] of [['hourly', 1] as const, ['slower', 2] as const]) {
          if ((at / HOUR) % every !== 0) continue;
          watch.take(opinionOf({ id: `${feed} ${at}`, time: at + HOUR / 2, feed, negative: 0.3 }));
        }
      }
      watch.advance(END);
      return watch;
    }

    const pastOf = ({ records }: WatchState): Past => records.get(KEY)?.past ?? newPast();
    const rounded = (value = 0): number => Math.round(value * 1e6) / 1e6;

    /** Negativity and stories by block and feed. */
    function sumsOf({ size, block, lane, lanes, negative, stories }: Past) {
      const sums = Array.from({ length: size }, (_, at) => [
        `${block[at]} ${lanes[lane[at] ?? 0]}`,
        [rounded(negative[at]), rounded(stories[at])],
      ]);
      return Object.fromEntries(sums) as Record<string, [number, number]>;
    }

    function baselineRows(state: WatchState, { window: { windowMs, halfLifeMs }, historyMs }: typeof rules) {
      const exposures = createExposures(state.lanes, { windowMs, halfLifeMs, historyMs, learningHours: 96 })(END);
      return rowsOf(pastOf(state), exposures).map(({ name, negative, stories }) => ({
        name,
        negative: [...negative].map(rounded),
        stories: [...stories].map(rounded),
      }));
    }

    it.each([24, 6])(
      'a past of blocks of 8 hours is one of blocks of %i hours, as if it had always been',
      async (hours) => {
        await saveWatch(state, openCheckpoint(state, WINDOW), watched());
        const changed = rulesWith({ window_hours: hours });
        const loaded = openCheckpoint(state, changed.window.windowMs).load(BUCKET).state;
        const ever = watched(changed).state;
        expect(sumsOf(pastOf(loaded))).toEqual(sumsOf(pastOf(ever)));
        const rows = baselineRows(loaded, changed);
        expect(rows).toEqual(baselineRows(ever, changed));
        expect(rows.map(({ stories }) => stories.at(-1))).toEqual([hours, hours / 2]);
        const total = (past: Past): number => past.stories.subarray(0, past.size).reduce((sum, one) => sum + one, 0);
        expect(total(pastOf(loaded))).toBeCloseTo(203 + 102, 6);
      },
    );

    it('is written with the new length at the next save, and read as it is from then on', async () => {
      await saveWatch(state, openCheckpoint(state, WINDOW), watched());
      const changed = rulesWith({ window_hours: 24 });
      const checkpoint = openCheckpoint(state, changed.window.windowMs);
      const watch = watchOf(checkpoint.load(BUCKET).state, changed);
      await saveWatch(state, checkpoint, watch);
      const again = openCheckpoint(state, changed.window.windowMs).load(BUCKET).state;
      expect(essence(again)).toEqual(essence(watch.state));
      expect(lengths()).toEqual(new Set([24 * HOUR]));
    });

    it('takes what an earlier version wrote without a length for what it is today, and writes that down', async () => {
      const watch = watched();
      await saveWatch(state, openCheckpoint(state, WINDOW), watch);
      const heads = state.table<{ past: { windowMs?: number } }>('alerting.pasts');
      await state.transaction(() => {
        for (const { key, value } of Array.from(heads.entries())) {
          const { windowMs: _, ...past } = value.past;
          void heads.put(key, { ...value, past });
        }
      });
      const checkpoint = openCheckpoint(state, WINDOW);
      const again = watchOf(checkpoint.load(BUCKET).state);
      expect(essence(again.state)).toEqual(essence(watch.state));
      await saveWatch(state, checkpoint, again);
      expect(lengths()).toEqual(new Set([WINDOW]));
    });

    /** Lengths of blocks that pasts on disk tell. */
    function lengths(): Set<number | undefined> {
      const heads = state.table<{ past: { windowMs?: number } }>('alerting.pasts');
      return new Set(Array.from(heads.entries(), ({ value }) => value.past.windowMs));
    }
  });

  it('writes no document of the window again because another one came', async () => {
    const watch = watchOf();
    const written: string[] = [];
    const spied: State = {
      ...state,
      table<Value>(name: string) {
        const table = state.table<Value>(name);
        return {
          ...table,
          put(key: string, value: Value) {
            written.push(JSON.stringify(value));
            return table.put(key, value);
          },
        };
      },
    };
    const checkpoint = openCheckpoint(spied, WINDOW);
    const save = async (): Promise<number> => {
      written.length = 0;
      await saveWatch(state, checkpoint, watch);
      return written.filter((one) => one.includes('story of old')).length;
    };
    for (let index = 0; index < 200; index += 1) {
      watch.take(opinionOf({ id: `old ${index}`, time: START + (index / 200) * 3 * HOUR }));
    }
    watch.advance(START + 2 * HOUR);
    expect(await save()).toBeGreaterThan(0);
    watch.take(opinionOf({ id: 'new', time: START + 2.5 * HOUR }));
    expect(await save()).toBe(0);
  });
});
