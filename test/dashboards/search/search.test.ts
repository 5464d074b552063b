/** Search over a real store: the example feed with its own labels, and vectors that are made by rule. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.ts';
import { searchRow } from '../../../core/search/row.ts';
import type { Store } from '../../../core/store/store.ts';
import { countInStore, removeFromStore } from '../../../core/store/removal.ts';
import { createFind } from '../../../dashboards/search/find.ts';
import { fuse } from '../../../dashboards/search/fusion.ts';
import { createSearching, type Searching, type SearchParts } from '../../../dashboards/search/search.ts';
import { sampleOpinions } from '../sample.ts';
import { storeOf } from '../stored.ts';

const end = Date.parse('2026-03-14T00:00:00.000Z');
const opinions = sampleOpinions(end);
const span = { from: end - 30 * 86_400_000, to: end + 1, step: 3_600_000, anchor: 'given' } as const;
/** Outages in both languages point one way, all else another: what a model with embeddings would do. */
const direction = (text: string): Int8Array =>
  /outage|log ?in|app is down|无法登录|登录不了|崩|宕机|停机/i.test(text)
    ? Int8Array.of(120, 10, 3)
    : Int8Array.of(-20, 90, -60);

describe('search', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-search-'));
  let store: Store;
  const searching = (parts: Partial<SearchParts> = {}): Searching =>
    createSearching({
      find: createFind(store),
      clock: systemClock,
      embed: (text) => Promise.resolve({ vector: direction(text), space: 'rule@1' }),
      entitiesIn: (text) => (/norvale|诺维/i.test(text) ? ['norvale_bank'] : []),
      ...parts,
    });
  const titles = new Map(opinions.map(({ document }) => [document.id, `${document.title ?? ''} ${document.text}`]));
  const textOf = (hit: { document_id: string } | undefined): string => titles.get(hit?.document_id ?? '') ?? '';

  beforeAll(async () => {
    store = await storeOf(folder, opinions);
    const rows = opinions.map(({ document, labelled_at }) =>
      searchRow(document, labelled_at, 'rule@1', direction(`${document.title ?? ''} ${document.text}`)),
    );
    await store.insert('search', rows, 's');
    // The same again, as after a kill, and once more as another model labelled it.
    await store.insert('search', rows.slice(0, 200), 'again');
  }, 60_000);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds by words in English and in Chinese, and names a document once', async () => {
    for (const [text, wanted] of [
      ['Halcyon recall', /Halcyon/],
      ['海晏汽车 召回', /海晏|召回/],
    ] as const) {
      const { hits, meaning } = await searching().search(text, { span }, 'words');
      expect(meaning).toBe('not_asked');
      expect(hits.length).toBeGreaterThan(0);
      expect(textOf(hits[0])).toMatch(wanted);
      expect(new Set(hits.map((hit) => hit.document_id)).size).toBe(hits.length);
    }
  });

  it('finds the other language by meaning', async () => {
    const { hits, meaning } = await searching().search('outage', { span, language: 'zh' }, 'meaning');
    expect(meaning).toBe('used');
    expect(hits.length).toBeGreaterThan(0);
    for (const hit of hits) expect(textOf(hit)).toMatch(/无法登录|登录不了|崩|宕机|停机/);
  });

  it('brings the documents about an entity that is named, in either language', async () => {
    const { hits, entities } = await searching({ embed: null }).search('诺维银行', { span, language: 'en' }, 'both');
    expect(entities).toEqual(['norvale_bank']);
    expect(hits.length).toBeGreaterThan(0);
    for (const hit of hits) expect(textOf(hit)).toMatch(/Norvale|NVB/);
  });

  it('keeps to the filters of labels and to the span', async () => {
    const { hits } = await searching().search('shares', { span, sentiment: 'negative' }, 'both');
    const negative = new Set(opinions.filter((one) => one.sentiment === 'negative').map((one) => one.document.id));
    expect(hits.every((hit) => negative.has(hit.document_id))).toBe(true);
    const early = { ...span, to: span.from + 86_400_000 };
    expect((await searching().search('shares', { span: early }, 'both')).hits).toEqual([]);
  });

  it('answers by words where the model is away or too busy, and says so', async () => {
    const without = await searching({ embed: null }).search('Halcyon recall', { span }, 'both');
    expect([without.meaning, without.hits.length > 0]).toEqual(['unavailable', true]);
    const failing = await searching({ embed: () => Promise.reject(new Error('gone')) }).search(
      'Halcyon',
      { span },
      'both',
    );
    expect(failing.meaning).toBe('unavailable');
    const never = new Promise<never>(() => undefined);
    const late = await searching({
      embed: () => never,
      clock: { ...systemClock, sleep: () => Promise.resolve() },
    }).search('Halcyon', { span }, 'both');
    expect(late.meaning).toBe('late');
  });

  it('finds more like a document, of other stories, and knows one that was never embedded', async () => {
    const own = opinions.find(({ document }) => direction(`${document.title ?? ''} ${document.text}`)[0] === 120);
    const found = await searching().similar(own?.document.id ?? '', own?.document.story ?? '', { span });
    expect(found?.hits.length).toBeGreaterThan(0);
    for (const hit of found?.hits ?? []) {
      expect(hit.story).not.toBe(own?.document.story);
      expect(hit.likeness).toBeGreaterThan(0.9);
    }
    expect(await searching().similar('nobody', 'nobody', { span })).toBeNull();
  });

  it('takes a question that is all signs, quotes and SQL for what it is', async () => {
    for (const text of ["'; DROP TABLE search; --", '!!!', '{t0:UInt32}', '💥', 'a']) {
      const { hits } = await searching({ embed: null }).search(text, { span }, 'words');
      expect(Array.isArray(hits)).toBe(true);
    }
    expect(await createFind(store).byWords(['halcyon'], { span })).not.toEqual([]);
  });

  it('finds, and counts, only what there is still an opinion of to show', async () => {
    const before = (await searching({ embed: null }).search('Halcyon recall', { span }, 'words')).hits;
    const [gone] = before;
    await store.command('ALTER TABLE opinions DELETE WHERE document_id = {id:String}', { id: gone?.document_id });
    for (const by of ['words', 'meaning'] as const) {
      const { hits } = await searching().search('Halcyon recall', { span }, by);
      expect(hits.length).toBeGreaterThan(0);
      expect(hits.map((hit) => hit.document_id)).not.toContain(gone?.document_id);
    }
    expect((await searching().search('Halcyon recall', { span }, 'words')).hits.length).toBeLessThanOrEqual(
      before.length,
    );
  });

  it('forgets what is to be forgotten', async () => {
    const id = opinions[5]?.document.id ?? '';
    const target = { kind: 'document' as const, values: [id], outlet: null };
    expect((await countInStore(store, [target]))['search']).toBe(1);
    await removeFromStore(store, [target]);
    expect((await countInStore(store, [target]))['search']).toBeUndefined();
    expect(await createFind(store).vectorOf(id)).toBeNull();
  });
});

describe('fusion', () => {
  const one = (id: string, story = id) => ({ document_id: id, story, published_at: '2026-03-01T00:00:00.000Z' });

  it('puts what two lists found before what one list found first', () => {
    const order = fuse({ words: [one('a'), one('b')], meaning: [one('c'), one('b')] });
    expect(order.map((hit) => hit.document_id)).toEqual(['b', 'a', 'c']);
    expect(order[0]?.by).toEqual(['words', 'meaning']);
    expect(order[0]?.score).toBeCloseTo(2 / 62);
  });

  it('shows a story once, by its best document, and counts the others', () => {
    const order = fuse({ words: [one('a', 's'), one('b', 's'), one('c')] });
    expect(order.map(({ document_id, copies }) => [document_id, copies])).toEqual([
      ['a', 1],
      ['c', 0],
    ]);
  });
});
