/** What the pages of an entity and a topic are made of, over a real store with the example feed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Opinion } from '../../core/event.ts';
import { documentRow, opinionRow } from '../../core/store/rows.ts';
import type { EntitiesAnswer, PricesAnswer, ProfileAnswer, WordsAnswer } from '../../dashboards/contract.ts';
import { END, startApi, type ApiServer } from './api_server.ts';
import { ENTITIES } from './sample.ts';

const MONTH = 'last_secs=2592000';
let api: ApiServer;

beforeAll(async () => {
  api = await startApi();
}, 120_000);
afterAll(() => api.close());

const naming = (entity: string): Opinion[] =>
  api.opinions.filter(({ document }) => document.entities.some(({ id }) => id === entity));

function most<Key extends string>(keys: readonly Key[]): [Key, number] {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0] ?? (['', 0] as unknown as [Key, number]);
}

describe('the profile of a series', () => {
  it('tells the largest stories first, with who had them first, how many carried them, and how they spread', async () => {
    const { stories } = await api.ask<ProfileAnswer>(`profile?${MONTH}`);
    const [story, copies] = most(api.opinions.map(({ document }) => document.story));
    const documents = api.opinions.filter(({ document }) => document.story === story).map(({ document }) => document);
    const [first] = documents.toSorted((a, b) => (a.published_at < b.published_at ? -1 : 1));
    expect(stories[0]).toMatchObject({
      story,
      documents: copies,
      first_source: first?.source,
      first_published_at: first?.published_at,
      sources: new Set(documents.map(({ source }) => source)).size,
      title: first?.title ?? first?.text.slice(0, 200),
    });
    expect(copies).toBeGreaterThan(3);
    expect(stories[0]?.spread.reduce((sum, count) => sum + count, 0)).toBe(copies);
    const sizes = stories.map((one) => one.documents);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
  });

  it('counts topics, sources and companies beside it of the documents that name the entity, and not itself', async () => {
    const profile = await api.ask<ProfileAnswer>(`profile?${MONTH}&entity=norvale_bank`);
    const own = naming('norvale_bank');
    const [topic, documents] = most(own.map((opinion) => opinion.topic));
    const negative = own.filter((opinion) => opinion.topic === topic && opinion.sentiment === 'negative').length;
    expect(profile.topics[0]).toEqual({ topic, documents, negative });
    const [source, carried] = most(own.map(({ document }) => document.source));
    expect(profile.sources[0]).toMatchObject({ source, documents: carried });
    expect(profile.entities.map(({ id }) => id)).not.toContain('norvale_bank');
    expect(profile.events).toEqual([]);
    const ofTopic = await api.ask<ProfileAnswer>(`profile?${MONTH}&topic=Earnings`);
    expect(ofTopic.topics).toEqual([]);
    expect(ofTopic.entities.length).toBeGreaterThan(3);
  });

  it('has nothing to say of an entity that nobody named, and says so without failing', async () => {
    const profile = await api.ask<ProfileAnswer>(`profile?${MONTH}&entity=nobody`);
    expect(profile).toMatchObject({ stories: [], topics: [], events: [], entities: [], sources: [] });
    const words = await api.ask<WordsAnswer>(`words?${MONTH}&entity=nobody`);
    expect(words).toMatchObject({ read: 0, words: [] });
  });

  it('compares with everybody else where a series has no past', async () => {
    const first = api.opinions[0]?.document.published_at ?? '';
    const to = new Date(Date.parse(first) + 20 * 86_400_000).toISOString();
    const answer = await api.ask<WordsAnswer>(`words?from=${first}&to=${to}&entity=halcyon_motors`);
    expect(answer.against).toBe('others');
    expect(answer.usual).toBeGreaterThan(answer.read);
  });

  it('gives the closes of the span, and none where no prices are given', async () => {
    expect(await api.ask<PricesAnswer>(`prices?${MONTH}&entity=norvale_bank`)).toMatchObject({ closes: [] });
    const closes = ['2026-03-01', '2026-03-10', '2026-03-11', '2026-03-20'].map((day, at) => ({ day, close: 40 + at }));
    const served = await api.serve(
      {},
      { prices: (entity) => Promise.resolve(entity === 'norvale_bank' ? closes : []) },
    );
    const response = await fetch(
      `${served.address()}/api/prices?from=2026-03-09T00:00:00Z&to=2026-03-12T00:00:00Z&entity=norvale_bank`,
    );
    expect(((await response.json()) as PricesAnswer).closes.map(({ close }) => close)).toEqual([41, 42]);
  });

  it('offers the whole watchlist by name in either language, those that begin so first', async () => {
    const watched = Object.entries(ENTITIES).map(([id, { en, zh }]) => ({ id, name: { en, zh } }));
    const served = await api.serve(
      {},
      { watched: () => [...watched, { id: 'a_halcyon', name: { en: 'Old Halcyon', zh: '旧' } }] },
    );
    const ask = async (query: string): Promise<EntitiesAnswer> =>
      (await (await fetch(`${served.address()}/api/entities${query}`)).json()) as EntitiesAnswer;
    expect((await ask('?q=halcyon')).entities.map(({ id }) => id)).toEqual(['halcyon_motors', 'a_halcyon']);
    expect((await ask(`?q=${encodeURIComponent('银行')}`)).entities.map(({ id }) => id)).toEqual(['norvale_bank']);
    expect(await ask('?limit=3')).toMatchObject({ total: watched.length + 1 });
    expect((await ask('?limit=3')).entities).toHaveLength(3);
    expect(await api.ask<EntitiesAnswer>('entities')).toEqual({ entities: [], total: 0 });
  });

  it('leaves out tickers and short forms by which texts name the company, and says a word of both languages once', async () => {
    const [first] = naming('bellwick_pharma');
    if (first === undefined) throw new Error('The sample does not name it.');
    const told = Array.from({ length: 24 }, (_, index) => {
      const id = `ticker-${index}`;
      const published_at = new Date(END - index * 600_000).toISOString();
      const isChinese = index % 2 === 1;
      const title = isChinese
        ? `BLWK 的 Zytoline 批次 ${index} 被召回`
        : `$BLWK: Zytoline batch ${index} is called back`;
      const entities = [{ id: 'bellwick_pharma', surface: isChinese ? 'BLWK' : '$BLWK', relevance: 100 }];
      const language = isChinese ? ('zh' as const) : ('en' as const);
      const document = { ...first.document, id, story: id, title, text: title, language, published_at, entities };
      return { ...first, document };
    });
    await api.store.insert('opinions', told.map(opinionRow), 'ticker');
    await api.store.insert(
      'documents',
      told.map(({ document }) => documentRow(document)),
      'ticker',
    );
    const { words } = await api.ask<WordsAnswer>('words?last_secs=86400&entity=bellwick_pharma');
    expect(words.map(({ word }) => word)).not.toContain('blwk');
    const both = words.filter(({ word }) => word === 'zytoline');
    expect(both).toHaveLength(1);
    expect(both[0]?.count).toBe(24);
  });

  it('finds the words of a strike in the days of the strike, and not the name of the company', async () => {
    const [first] = naming('tarrowby_markets');
    if (first === undefined) throw new Error('The sample does not name it.');
    const told = Array.from({ length: 25 }, (_, index) => {
      const id = `strike-${index}`;
      const published_at = new Date(END - index * 600_000).toISOString();
      const text = `Warehouse strike at Tarrowby Markets: the shelves of branch ${index} are empty`;
      const document = { ...first.document, id, story: id, title: text, language: 'en' as const, published_at };
      return opinionRow({ ...first, document });
    });
    await api.store.insert('opinions', told, 'strike');
    const answer = await api.ask<WordsAnswer>('words?last_secs=86400&entity=tarrowby_markets');
    expect(answer.read).toBeGreaterThanOrEqual(25);
    const words = answer.words.map(({ word }) => word);
    expect(words).toEqual(expect.arrayContaining(['warehouse', 'strike', 'shelves']));
    expect(words).not.toContain('tarrowby');
    expect(answer.words.map(({ z }) => z)).toEqual(answer.words.map(({ z }) => z).toSorted((a, b) => b - a));
    expect(answer.words.find(({ word }) => word === 'strike')).toMatchObject({ count: 25, language: 'en' });
  });
});
