/** What is to be forgotten, in any number: as conditions, and over a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Target } from '../../../core/removal.ts';
import { openStore } from '../../../core/store/registry.ts';
import { countInStore, removeFromStore } from '../../../core/store/removal.ts';
import { conditionsOf } from '../../../core/store/removal_conditions.ts';
import { documentRow, opinionRow } from '../../../core/store/rows.ts';
import type { Store } from '../../../core/store/store.ts';
import { exampleDocument, exampleOpinion } from '../../contracts/store.ts';

const OPINIONS = { name: 'opinions', columns: new Set(['document_id', 'author', 'source', 'feed']) };
const FEEDBACK = { name: 'feedback', columns: new Set(['document_id', 'author']) };
const author = (name: string, outlet: string | null = 'Bluesky'): Target => ({
  kind: 'author',
  values: [name],
  outlet,
});
const document = (id: string): Target => ({ kind: 'document', values: [id], outlet: null });
const id = (index: number): string => String(index).padStart(32, '0');

describe('conditions of what is to be forgotten', () => {
  it('name what is of one kind and outlet in one list, each once', () => {
    const targets = [author('ana'), document('d1'), author('本', null), author('bo'), document('d2'), document('d1')];
    expect(conditionsOf(OPINIONS, targets)).toEqual([
      {
        sql: '(author IN {values0:Array(String)} AND (source = {outlet0:String} OR feed = {outlet0:String})) OR (document_id IN {values1:Array(String)}) OR (author IN {values2:Array(String)})',
        params: { values0: ['ana', 'bo'], outlet0: 'Bluesky', values1: ['d1', 'd2'], values2: ['本'] },
      },
    ]);
  });

  it('are cut so that a server takes each, and lose no value', () => {
    // A name of Chinese signs takes nine bytes a sign in an address.
    const names = Array.from({ length: 3000 }, (_, index) => `${'浪'.repeat(index % 40)}${index}`);
    const conditions = conditionsOf(FEEDBACK, [{ kind: 'author', values: names, outlet: null }, document('d1')]);
    expect(conditions.length).toBeGreaterThan(2);
    const found: string[] = [];
    for (const { sql, params } of conditions) {
      expect(sql.length + encodeURIComponent(JSON.stringify(params)).length).toBeLessThan(200_000);
      found.push(...Object.values(params).flatMap((value) => value as string[]));
    }
    expect(found).toEqual([...names, 'd1']);
  });

  it('say nothing of a table whose columns tell nothing of any', () => {
    expect(conditionsOf({ name: 'audit', columns: new Set(['id', 'actor']) }, [author('ana'), document('d')])).toEqual(
      [],
    );
  });
});

describe('a store that is to forget thousands of things at once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidewatch-removal-'));
  let store: Store;
  beforeAll(async () => {
    store = await openStore({ type: 'chdb' }, { folder, log: pino({ level: 'silent' }) });
    await store.migrate();
  }, 60_000);
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('forgets all of them, and nothing else', { timeout: 180_000 }, async () => {
    const told = { source: 'Bluesky', feed: 'bsky' };
    const kept = exampleDocument(1, { id: 'kept', author: 'kept', ...told });
    const named = [0, 4000, 7999].map((index) => exampleDocument(2, { id: id(index), author: 'kept', ...told }));
    const written = [0, 1200, 2499].map((index) =>
      exampleDocument(3, { id: `of ${index}`, author: `u_${id(index)}`, ...told }),
    );
    const all = [kept, ...named, ...written];
    await store.insert('documents', all.map(documentRow), 'd');
    await store.insert(
      'opinions',
      all.map((one) => opinionRow(exampleOpinion(0, { document: one }))),
      'o',
    );
    const feedback = all.map((one, index) => ({
      id: `f${index}`, at: one.published_at, kind: 'sentiment', author: 'ana', via: 'page', document_id: one.id,
      alert_id: '', value: 'positive', reason: '', takes_back: '', model: 'm', model_value: 'negative',
    })); // prettier-ignore
    await store.insert('feedback', feedback, 'f');
    const targets = [
      ...Array.from({ length: 8000 }, (_, index) => document(id(index))),
      ...Array.from({ length: 2500 }, (_, index) => author(`u_${id(index)}`)),
    ];
    expect(await countInStore(store, targets)).toEqual({ documents: 6, opinions: 6, feedback: 6 });
    await removeFromStore(store, targets);
    expect(await countInStore(store, targets)).toEqual({});
    expect(await store.query('SELECT id FROM documents')).toEqual([{ id: 'kept' }]);
    expect(await store.query('SELECT document_id FROM opinions')).toEqual([{ document_id: 'kept' }]);
    expect(await store.query('SELECT document_id FROM feedback')).toEqual([{ document_id: 'kept' }]);
  });
});
