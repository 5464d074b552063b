/** "For you": what is learned, what a list holds, and what is kept, over a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newReading, type ReadingRow } from '../../../core/reading.ts';
import { countInStore, removeFromStore } from '../../../core/store/removal.ts';
import type { Store } from '../../../core/store/store.ts';
import { featuresOf, FEATURES, type Candidate } from '../../../dashboards/for_you/features.ts';
import { pickFor, readForYou } from '../../../dashboards/for_you/for_you.ts';
import { historyOf } from '../../../dashboards/for_you/history.ts';
import { chanceOf, COLD_START, draw, learn, rank, seeded, whyShown } from '../../../dashboards/for_you/ranker.ts';
import { sampleOpinions } from '../sample.ts';
import { storeOf } from '../stored.ts';

const now = Date.parse('2026-03-14T12:00:00.000Z');
const story = (id: string, changed: Partial<Candidate> = {}): Candidate => ({
  story: id,
  document_id: id,
  published_at: new Date(now - 3_600_000).toISOString(),
  documents: 1,
  sources: 1,
  negative: 0.3,
  entities: [],
  topic: 'Markets',
  source: 'wire',
  language: 'en',
  ...changed,
});
const surroundings = { now, firing: new Set<string>() };

describe('the ranker', () => {
  it('starts with what is watched, alarming and fresh', () => {
    const all = [
      story('old', { published_at: new Date(now - 60 * 3_600_000).toISOString() }),
      story('plain'),
      story('watched', { entities: ['a'] }),
      story('alert', { entities: ['b'], negative: 0.9 }),
    ];
    const features = all.map((one) => featuresOf(one, new Map(), { now, firing: new Set(['b']) }));
    expect(rank(features, COLD_START.mean).map((index) => all[index]?.story)).toEqual([
      'alert',
      'watched',
      'plain',
      'old',
    ]);
    expect(whyShown(COLD_START, features[3] ?? [])).toContain('alert');
  });

  it('learns from some tens of clicks whom a person reads about, and is surer then', () => {
    const tastes = new Map([
      ['all', { opened: 10, shown: 40 }],
      ['entity:a', { opened: 9, shown: 10 }],
      ['entity:b', { opened: 1, shown: 30 }],
    ]);
    const [liked, other] = ['a', 'b'].map((id) => featuresOf(story(id, { entities: [id] }), tastes, surroundings));
    const lessons = Array.from({ length: 40 }, (_, index) => ({
      features: (index % 4 === 0 ? liked : other) ?? [],
      liked: (index % 4 === 0 ? 1 : 0) as 0 | 1,
      weight: 1,
    }));
    const ranker = learn(lessons);
    expect(chanceOf(ranker, liked ?? [])).toBeGreaterThan(0.6);
    expect(chanceOf(ranker, other ?? [])).toBeLessThan(0.2);
    expect(whyShown(ranker, liked ?? [])[0]).toBe('entity');
    ranker.precision.forEach((own, index) =>
      expect(own).toBeGreaterThanOrEqual(COLD_START.precision[index] ?? Infinity),
    );
  });

  it('explores less the more it has learned', () => {
    const spread = (ranker: typeof COLD_START): number => {
      const random = seeded(1);
      const draws = Array.from({ length: 400 }, () => draw(ranker, random)[FEATURES.indexOf('watched')] ?? 0);
      const mean = draws.reduce((sum, own) => sum + own, 0) / draws.length;
      return Math.sqrt(draws.reduce((sum, own) => sum + (own - mean) ** 2, 0) / draws.length);
    };
    const lessons = Array.from({ length: 300 }, (_, index) => ({
      features: featuresOf(story(String(index), { entities: ['a'] }), new Map(), surroundings),
      liked: (index % 3 === 0 ? 1 : 0) as 0 | 1,
      weight: 1,
    }));
    expect(spread(learn(lessons))).toBeLessThan(spread(COLD_START) / 2);
  });
});

describe('a history', () => {
  const row = (kind: ReadingRow['kind'], id: string, place = 0): ReadingRow => ({
    ...newReading(kind, 'Priya', now, { story: id, document_id: id, place, features: FEATURES.map(() => 0.5) }),
  });

  it('counts what was passed over less the lower it stood, and what was corrected as read', () => {
    const { lessons } = historyOf(
      [row('shown', 'a', 0), row('shown', 'b', 8), row('shown', 'c', 1), row('open', 'a')],
      [{ document_id: 'c', story: 'c' }],
      new Map(),
    );
    expect(lessons.map(({ liked }) => liked)).toEqual([1, 0, 1]);
    expect(lessons[1]?.weight).toBeCloseTo(0.2);
  });

  it('takes a dismissal over an opening, and shows the story no more', () => {
    const history = historyOf([row('shown', 'a'), row('open', 'a'), row('dismiss', 'a')], [], new Map());
    expect(history.lessons[0]?.liked).toBe(0);
    const { picked } = pickFor('Priya', [story('a'), story('b')], history, { ...surroundings, limit: 10 });
    expect(picked.map(({ candidate }) => candidate.story)).toEqual(['b']);
  });

  it('is newest first, with nothing learned, for who turned it off, until it is on again', () => {
    const all = [story('a', { published_at: new Date(now - 9e6).toISOString(), entities: ['x'] }), story('b')];
    const off = pickFor('Priya', all, historyOf([row('off', '')], [], new Map()), { ...surroundings, limit: 10 });
    expect(off).toMatchObject({ enabled: false, lessons: 0 });
    expect(off.picked.map(({ candidate, why }) => [candidate.story, why.length])).toEqual([
      ['b', 0],
      ['a', 0],
    ]);
    expect(historyOf([row('off', ''), row('on', '')], [], new Map()).isOn).toBe(true);
  });
});

describe('a list', () => {
  const many = Array.from({ length: 60 }, (_, index) => story(`s${index}`, { entities: index % 2 === 0 ? ['a'] : [] }));
  const nothing = historyOf([], [], new Map());

  it('stands still within an hour, and has one drawn story whose probability is kept', () => {
    const list = pickFor('Priya', many, nothing, { ...surroundings, limit: 12 });
    expect(
      pickFor('Priya', many, nothing, { ...surroundings, now: now + 60_000, limit: 12 }).picked.map(
        ({ candidate }) => candidate.story,
      ),
    ).toEqual(list.picked.map(({ candidate }) => candidate.story));
    const drawn = list.picked.filter(({ explored }) => explored);
    expect(drawn).toHaveLength(1);
    expect(drawn[0]?.propensity).toBeCloseTo(1 / 60);
    expect(new Set(list.picked.map(({ candidate }) => candidate.story)).size).toBe(12);
  });

  it('is not filled by one company', () => {
    const loud = Array.from({ length: 20 }, (_, index) => story(`l${index}`, { entities: ['loud'], negative: 0.9 }));
    const quiet = Array.from({ length: 20 }, (_, index) =>
      story(`q${index}`, { entities: [`q${index}`], negative: 0.4 }),
    );
    const both = [...loud, ...quiet];
    const { picked } = pickFor('Priya', both, nothing, { now, firing: new Set(['loud']), limit: 12 });
    const about = picked.filter(({ candidate }) => candidate.entities[0] === 'loud').length;
    expect(about).toBeGreaterThan(0);
    expect(about).toBeLessThan(9);
  });

  it('draws every story alike over many hours', () => {
    const counts = new Map<string, number>();
    for (let hour = 0; hour < 3000; hour += 1) {
      const { picked } = pickFor('Priya', many, nothing, { ...surroundings, now: now + hour * 3_600_000, limit: 12 });
      const id = picked.find(({ explored }) => explored)?.candidate.story ?? '';
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    expect(counts.size).toBe(60);
    // 50 expected of each; five standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 50)).toBeLessThan(36);
  });
});

describe('over the store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-for-you-'));
  const opinions = sampleOpinions(now);
  const span = { from: now - 3 * 86_400_000, to: now + 1, step: 3_600_000, anchor: 'given' } as const;
  let store: Store;
  beforeAll(async () => {
    store = await storeOf(folder, opinions);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const list = () => readForYou(store, 'Priya', { span, firing: new Set(), limit: 12 });

  it('learns of one person from what was shown and opened, leaves dismissed stories out, and forgets with a document', async () => {
    const first = await list();
    expect(first).toMatchObject({ enabled: true, lessons: 0 });
    expect(first.picked).toHaveLength(12);
    const shown = first.picked.map(({ candidate, features, propensity }, place) =>
      newReading('shown', 'Priya', now, { ...candidate, features, propensity, place }),
    );
    const [opened, dismissed] = first.picked.map(({ candidate }) => candidate);
    const acts = [
      newReading('open', 'Priya', now + 1, opened),
      newReading('dismiss', 'Priya', now + 2, dismissed),
      newReading('dismiss', 'Somebody else', now + 2, first.picked[3]?.candidate),
    ];
    await store.insert('reading', [...shown, ...acts], 'first');
    const second = await list();
    expect(second.lessons).toBe(12);
    const stories = second.picked.map(({ candidate }) => candidate.story);
    expect(stories).not.toContain(opened?.story);
    expect(stories).not.toContain(dismissed?.story);
    const target = { kind: 'document' as const, values: [opened?.document_id ?? ''], outlet: null };
    expect((await countInStore(store, [target]))['reading']).toBe(2);
    await removeFromStore(store, [target]);
    expect((await countInStore(store, [target]))['reading']).toBeUndefined();
    expect((await list()).lessons).toBe(11);
  });
});
