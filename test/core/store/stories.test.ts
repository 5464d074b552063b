import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '../../../core/log.ts';
import { openStore } from '../../../core/store/registry.ts';
import { documentRow } from '../../../core/store/rows.ts';
import { readStories, readStory } from '../../../core/store/stories.ts';
import { aDocument } from '../../fixtures/nouns.ts';

it(
  'the store tells the size of a story, who was first, how many spoke, and how coordinated it looks',
  { timeout: 30_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidewatch-stories-'));
    const log = createLogger({ level: 'silent', format: 'json' });
    const store = await openStore({ type: 'chdb' }, { folder, log });
    await store.migrate();
    const one = aDocument(1, {
      story: 'a',
      source: 'wire',
      title: 'Norvale limits payouts',
      coordinated: 0.1,
      author: null,
    });
    const documents = [
      aDocument(3, { story: 'a', source: 'ledger', author: 'u_1', coordinated: 0.7 }),
      one,
      aDocument(2, { story: 'a', source: 'ledger', author: 'u_2', coordinated: 0.2 }),
      aDocument(4, { story: 'b', source: 'echo' }),
    ];
    await store.insert('documents', documents.map(documentRow), '1');
    // The same document again counts once.
    await store.insert('documents', documents.slice(0, 1).map(documentRow), '2');
    const story = await readStory(store, 'a');
    expect(story).toMatchObject({
    size: 3, sources: 2, authors: 2, first_source: 'wire', first_document: one.id, title: 'Norvale limits payouts',
    first_published_at: one.published_at, last_published_at: documents[0]?.published_at,
  }); // prettier-ignore
    expect(story?.coordinated).toBeCloseTo(0.7);
    expect(await readStory(store, 'none')).toBeNull();
    const all = await readStories(store, {
      from: '2000-01-01T00:00:00.000Z',
      to: '2100-01-01T00:00:00.000Z',
      limit: 10,
    });
    expect(all.map(({ story: id, size }) => [id, size])).toEqual([['a', 3], ['b', 1]]); // prettier-ignore
    await store.close();
    await rm(folder, { recursive: true, force: true });
  },
);
