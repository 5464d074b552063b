import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openState } from '../../core/state/lmdb.ts';
import type { State } from '../../core/state/state.ts';
import { openIngestMemory, type IngestMemory } from '../../ingest/memory.ts';
import { createSeenKeys } from '../../ingest/seen_keys.ts';
import type { StoryText } from '../../ingest/stories.ts';

const NOW = Date.UTC(2026, 2, 2, 8);
const HOUR = 3_600_000;
let folder: string;
let state: State;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewatch-memory-'));
  state = await openState(folder);
});
afterEach(async () => {
  await state.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (): Promise<IngestMemory> => openIngestMemory(state, 168);
const text = (id: string, words: string): StoryText => ({
  id, text: words, links: [], isSocial: true, at: NOW, about: [], url: null, repostOf: null,
}); // prettier-ignore
const keys = (id: string) => ({ id, contentId: `of ${id}` });
const REPORT = 'Tarrowby warehouse floods for the third night while crews wait for pumps from the coast';

async function keep(memory: IngestMemory, now = NOW): Promise<void> {
  await state.transaction(() => memory.record(now));
  memory.settle();
}

function post(memory: IngestMemory, author: string, family = 'f'): void {
  const said = { feed: 'birds', family, at: NOW, isTimed: true, isRepost: false, hasLink: false, words: 9 };
  memory.floods.score({ ...said, author: `birdsong\n${author}`, cashtags: [], target: 'tarrowby' }, NOW);
}

describe('what ingest remembers', () => {
  it('is what a batch recorded: what was asked about and not recorded is new after a restart', async () => {
    const memory = await open();
    memory.seen.begin();
    expect(memory.seen.reason(keys('a'), NOW)).toBeNull();
    expect(memory.stories.place(text('a', REPORT), NOW).story).toBe('a');
    await keep(memory);
    memory.seen.begin();
    expect(memory.seen.reason(keys('b'), NOW)).toBeNull();
    const again = await open();
    again.seen.begin();
    expect(again.seen.reason(keys('a'), NOW)).toBe('duplicate_id');
    expect(again.seen.reason({ id: 'other', contentId: 'of a' }, NOW)).toBe('duplicate_content');
    expect(again.seen.reason(keys('b'), NOW)).toBeNull();
    expect(again.stories.place(text('c', REPORT), NOW)).toMatchObject({ story: 'a', novelty: 75 });
  });

  it('is taken over from a state that had a row for each key', async () => {
    await state.table('ingest_seen').put('iold', NOW + 5 * HOUR);
    await state.table('ingest_seen').put('cwords', NOW + 5 * HOUR);
    await state.table('ingest_seen_by_hour').put(`${String(NOW / HOUR + 5).padStart(9, '0')}:iold`, ['iold', 'cwords']);
    const row = { documents: 1, arrived: NOW, latest: NOW, family: 's', times: [NOW], keys: [] };
    await state.table('ingest_story_index').put('ss', row);
    await state.table('ingest_floods').put('abirdsong\nmia', { arrived: NOW, posts: [[NOW, 1]] });
    const memory = await open();
    for (const earlier of ['ingest_seen', 'ingest_seen_by_hour', 'ingest_story_index', 'ingest_floods'])
      expect(state.table(earlier).count()).toBe(0);
    memory.seen.begin();
    expect(memory.seen.knows('old', NOW)).toBe(true);
    expect(memory.seen.knows('old', NOW + 6 * HOUR)).toBe(false);
    expect(memory.count([{ kind: 'author', values: ['mia'], outlet: null }])).toEqual({ ingest_flood_log: 1 });
    expect(memory.count([{ kind: 'document', values: ['s'], outlet: null }])).toEqual({ ingest_story_log: 1 });
  });

  it('is forgotten while a batch is in hand, which does not bring it back', async () => {
    const memory = await open();
    memory.stories.place(text('a', REPORT), NOW);
    post(memory, 'mia', 'a');
    await keep(memory);
    memory.stories.place(text('b', 'Bellwick opens a clinic in Eastgate and hires forty nurses this spring'), NOW);
    post(memory, 'mia');
    post(memory, 'tom');
    const targets = [
      { kind: 'document' as const, values: ['a', 'b'], outlet: null },
      { kind: 'author' as const, values: ['mia'], outlet: 'birdsong' },
    ];
    expect(memory.count(targets)).toEqual({ ingest_story_log: 2, ingest_flood_log: 2 });
    await memory.forget(targets);
    await keep(memory);
    const again = await open();
    expect(again.count(targets)).toEqual({});
    expect(again.count([{ kind: 'author', values: ['tom'], outlet: null }])).toEqual({ ingest_flood_log: 1 });
    for (const table of ['ingest_story_log', 'ingest_flood_log']) {
      const written = JSON.stringify([...state.table(table).entries()]);
      for (const trace of ['"sa"', '"sb"', '"fa"', 'mia']) expect(written).not.toContain(trace);
    }
  });

  it('keeps a story that others share', async () => {
    const memory = await open();
    memory.stories.place(text('a', REPORT), NOW);
    memory.stories.place(text('b', REPORT), NOW);
    await keep(memory);
    await memory.forget([{ kind: 'document', values: ['a'], outlet: null }]);
    expect((await open()).stories.place(text('c', REPORT), NOW).story).toBe('a');
  });
});

describe('keys remembered for a time', () => {
  it('are found until they expire, however many there are, and give their places up', () => {
    const seen = createSeenKeys();
    const key = (number: number): [number, number] => [number, Math.imul(number, 0x9e3779b1) >>> 0];
    for (let number = 1; number <= 100_000; number += 1) seen.set(key(number), number, number - 5_000);
    for (let number = 95_001; number <= 100_000; number += 1) expect(seen.expiry(key(number))).toBe(number);
    expect(seen.expiry(key(1))).toBe(0);
    expect(seen.expiry(key(200_000))).toBe(0);
    seen.set(key(99_000), 300_000, 95_000);
    expect(seen.expiry(key(99_000))).toBe(300_000);
  });
});
