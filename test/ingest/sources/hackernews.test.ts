import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createComponent } from '../../../core/config.ts';
import { sources } from '../../../ingest/registry.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, WARN, type Workbench } from '../workbench.ts';
import { openApi, sendJson } from './api_server.ts';

interface Hit {
  readonly objectID: string;
  readonly created_at_i: number;
  readonly [field: string]: unknown;
}

/** Algolia's paginationLimitedTo: what lies beyond is counted in nbHits and had on no page. */
const MOST_HITS = 1000;

/** search_by_date as hn.algolia.com/api describes it: the newest first, numericFilters, pages of at most 1,000 hits together. */
async function openHackerNews() {
  const hits: Hit[] = [];
  const broken: { answer: string | null } = { answer: null };
  const api = await openApi(({ path, query }, response) => {
    if (path !== '/api/v1/search_by_date') {
      response.writeHead(404).end();
      return;
    }
    if (broken.answer !== null) {
      response.end(broken.answer);
      broken.answer = null;
      return;
    }
    const [, since = '0', until = Infinity] =
      /^created_at_i>(\d+)(?:,created_at_i<(\d+))?$/.exec(query.get('numericFilters') ?? '') ?? [];
    const found = hits
      .filter((hit) => hit.created_at_i > Number(since) && hit.created_at_i < Number(until))
      .toSorted((a, b) => b.created_at_i - a.created_at_i);
    const within = found.slice(0, MOST_HITS);
    const size = Number(query.get('hitsPerPage'));
    const page = Number(query.get('page') ?? 0);
    sendJson(response, {
      hits: within.slice(page * size, (page + 1) * size),
      nbHits: found.length,
      page,
      nbPages: Math.ceil(within.length / size),
      hitsPerPage: size,
    });
  });
  return { ...api, hits, broken };
}

describeSourceContract('hackernews', async () => {
  const origin = await openHackerNews();
  return {
    settings: { type: 'hackernews', name: 'hn', url: `${origin.url}/api/v1` },
    offer: async (items) => {
      for (const { id, text, time } of items) {
        origin.hits.push({
          objectID: id.replace('item-', '4'),
          created_at_i: Date.parse(time) / 1000,
          author: 'ann',
          title: text,
          url: null,
        });
      }
    },
    offerGarbage: async () => {
      origin.broken.answer = '<html>';
      origin.hits.push({ objectID: 'x', created_at_i: Math.floor(Date.now() / 1000) });
    },
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('a hackernews source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openHackerNews>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openHackerNews();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });
  const start = (more: object = {}) =>
    bench.start({ sources: [{ type: 'hackernews', name: 'hn', url: `${origin.url}/api/v1`, ...more }] });
  const now = () => Math.floor(Date.now() / 1000);

  it('asks for what is newer than its cursor, a little before it once more, with the words and kinds of the settings', async () => {
    origin.hits.push({ objectID: '1', created_at_i: now() - 60, title: 'Acme is for sale' });
    await start({ query: 'Acme', comments: false });
    await bench.documents(1);
    await eventually(() => origin.requests.length > 2);
    const [first, , third] = origin.requests.map(({ query }) => query);
    expect(first?.get('query')).toBe('Acme');
    expect(first?.get('tags')).toBe('story');
    const since = (query: URLSearchParams | undefined) => Number(/\d+/.exec(query?.get('numericFilters') ?? '')?.[0]);
    expect(now() - since(first)).toBeGreaterThan(3600);
    expect(now() - since(first)).toBeLessThan(3900);
    expect(now() - since(third)).toBeLessThan(300);
  });

  it('reads a comment as text, a story with its own address, and their authors and times', async () => {
    origin.hits.push(
      { objectID: '2', created_at_i: now() - 20, author: 'bob', comment_text: '<p>Their margins &gt; ours<p>so <i>sell</i>', story_title: 'Acme', story_url: 'https://acme.example' },
      { objectID: '1', created_at_i: now() - 30, author: 'ann', title: 'Acme cuts outlook', url: 'https://acme.example/news', story_text: null },
    ); // prettier-ignore
    await start();
    const [story, comment] = await bench.documents(2);
    expect(story).toMatchObject({
      text: 'Acme cuts outlook',
      url: 'https://acme.example/news',
      source: 'hackernews',
      source_class: 'social',
    });
    expect(comment).toMatchObject({
      text: 'Their margins > ours so sell',
      url: 'https://news.ycombinator.com/item?id=2',
      title: null,
    });
  });

  /** One round over `count` items, `aSecond` of them in each second; returns the guids that it brought. */
  async function readOnce(count: number, aSecond: number): Promise<string[]> {
    const first = now() - 2000;
    for (let index = 0; index < count; index += 1)
      origin.hits.push({
        objectID: String(index + 1),
        created_at_i: first + Math.floor(index / aSecond),
        title: `${index}`,
      });
    const stop = new AbortController();
    const context = bench.context('hn', stop.signal);
    const [settings] = ingestSettings.parse({
      sources: [{ type: 'hackernews', name: 'hn', url: `${origin.url}/api/v1` }],
    }).sources;
    const source = await createComponent(sources, settings ?? { type: '', name: '' }, context);
    const guids: string[] = [];
    await source.run(async (items) => {
      guids.push(...items.map(({ guid = '' }) => guid));
      stop.abort(new Error('enough'));
      return { accepted: items.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
    });
    return guids;
  }
  const backlog = () => bench.metric('tidewatch_documents_skipped_total', { reason: 'backlog' });

  it('goes back by time where a question has more hits than can be had, each item once, the oldest first', async () => {
    const guids = await readOnce(3500, 3);
    expect(guids).toHaveLength(3500);
    expect(new Set(guids).size).toBe(3500);
    expect([Number(guids[0]) < 4, Number(guids.at(-1)) > 3497]).toEqual([true, true]);
    expect(await backlog()).toBe(0);
    expect(origin.requests.slice(0, 4).every(({ query }) => !query.has('page'))).toBe(true);
  });

  it('counts what lies beyond its limit of a round, and says so', async () => {
    const guids = await readOnce(5600, 8);
    expect(new Set(guids).size).toBe(guids.length);
    expect(await backlog()).toBe(5600 - guids.length);
    expect(guids.length).toBeGreaterThan(4950);
    expect(bench.lines.filter(({ level, msg }) => level === WARN && msg.includes('left out'))).toHaveLength(1);
  });

  it('counts all that is left where one second has more items than a question', async () => {
    const guids = await readOnce(2400, 1200);
    expect(guids.length + (await backlog())).toBe(2400);
    expect(guids.length).toBeGreaterThanOrEqual(1000);
    expect(origin.requests.length).toBeLessThanOrEqual(5);
  });
});
