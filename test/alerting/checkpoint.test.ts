/** What is on disk is what the watch remembers, whatever was written in parts, undone or forgotten on the way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../alerting/checkpoint.ts';
import type { WatchState } from '../../alerting/memory.ts';
import { forgetIn } from '../../alerting/removal.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch, type Watch } from '../../alerting/watch.ts';
import type { Removal } from '../../core/removal.ts';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import { HOUR, START, opinionOf, randomFrom } from './opinions.ts';
import { saveWatch } from './saving.ts';

const rules = rulesOf(alertingSettings.parse({}), 'global', [], new Map());
const BUCKET = rules.window.bucketMs;

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

const watchOf = (remembered?: WatchState): Watch => createWatch(rules, [], () => ({ en: '', zh: '' }), remembered);

/** Everything that decides what is judged next; order among what waits, and buffers' spare room, do not. */
function essence({ closed, records }: WatchState) {
  return {
    closed,
    records: [...records]
      .map(([key, { series, waiting, buckets, past }]) => ({
        key,
        series,
        waiting: waiting.toSorted((a, b) => a.id.localeCompare(b.id)),
        buckets,
        past: [past.block, past.lane, past.negative, past.stories].map((column) => [...column.subarray(0, past.size)]),
      }))
      .toSorted((a, b) => a.key.localeCompare(b.key)),
  };
}

describe('the checkpoint', () => {
  it.each([1, 2, 3, 4])(
    'gives back what was remembered at every save, over late documents, removals and restarts (seed %i)',
    async (seed) => {
      const random = randomFrom(seed);
      let checkpoint = openCheckpoint(state);
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
        const loaded = openCheckpoint(state).load(BUCKET).state;
        expect(essence(loaded)).toEqual(essence(watch.state));
        if (chance > 0.9) {
          checkpoint = openCheckpoint(state);
          watch = watchOf(checkpoint.load(BUCKET).state);
        }
      }
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
    const checkpoint = openCheckpoint(state);
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
    const later = openCheckpoint(state);
    const again = watchOf(later.load(BUCKET).state);
    expect(essence(again.state)).toEqual(expected);
    await state.transaction(() => later.save(again.state, again.touched, new Map()));
    expect(essence(openCheckpoint(state).load(BUCKET).state)).toEqual(expected);
    expect([...heads.entries()].filter(({ value }) => 'buckets' in value)).toEqual([]);
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
    const checkpoint = openCheckpoint(spied);
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
