import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createComponent } from '../../../core/config.ts';
import { sources } from '../../../ingest/registry.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import type { RawItem, Removal } from '../../../ingest/source.ts';
import { readListing } from '../../../ingest/sources/reddit_post.ts';
import { restOf } from '../../../ingest/sources/reddit_session.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi, sendJson, type ApiRequest } from './api_server.ts';

interface Post {
  name: string;
  title: string;
  created_utc: number;
  author: string;
  selftext: string;
  [field: string]: unknown;
}

const ACCESS = {
  client_id: 'app-id',
  secret: 'app-secret',
  contact: 'u/tide_keeper',
  subreddits: ['stocks', 'investing'],
};

/** A listing of Reddit ends here. */
const MOST_POSTS = 1000;

/** Reddit's token endpoint, /r/…/new with `before` and `after`, and /api/info, as reddit.com/dev/api describes them. */
async function openReddit() {
  const posts: Post[] = [];
  const state = {
    token: 'token-1',
    tokens: 0,
    expires: 86_400,
    garbage: null as string | null,
    headers: {} as Record<string, string>,
    extra: [] as unknown[],
  };
  const listing = (found: readonly Post[], after: string | null = null) => ({
    kind: 'Listing',
    data: {
      before: null,
      after,
      children: [...state.extra.splice(0), ...found.map((data) => ({ kind: 't3', data }))],
    },
  });
  const api = await openApi((request, response) => {
    const { path, query, headers, body } = request;
    if (path === '/api/v1/access_token') {
      const basic = Buffer.from(`${ACCESS.client_id}:${ACCESS.secret}`).toString('base64');
      if (headers.authorization !== `Basic ${basic}` || body !== 'grant_type=client_credentials')
        return void response.writeHead(401).end('{}');
      state.tokens += 1;
      return sendJson(response, {
        access_token: state.token,
        token_type: 'bearer',
        expires_in: state.expires,
        scope: '*',
      });
    }
    if (headers.authorization !== `Bearer ${state.token}`) {
      response.writeHead(401).end('{}');
      return;
    }
    if (state.garbage !== null) {
      response.end(state.garbage);
      state.garbage = null;
      return;
    }
    if (path === '/api/info') {
      const names = (query.get('id') ?? '').split(',');
      sendJson(response, listing(posts.filter(({ name }) => names.includes(name))));
      return;
    }
    const newest = posts
      .filter(({ author }) => author !== '[deleted]')
      .toSorted((a, b) => b.created_utc - a.created_utc)
      .slice(0, MOST_POSTS);
    const limit = Number(query.get('limit'));
    const placeOf = (name: string) => newest.findIndex((one) => one.name === name);
    const before = query.get('before');
    if (before !== null) {
      // A listing before a post that is no longer in it is empty; one before a post has those next to it.
      const found = newest.slice(0, Math.max(0, placeOf(before))).slice(-limit);
      sendJson(response, listing(found), state.headers);
      return;
    }
    const after = query.get('after');
    const from = after === null ? 0 : placeOf(after) + 1;
    const found = newest.slice(from, from + limit);
    sendJson(response, listing(found, from + limit < newest.length ? found.at(-1)?.name : null), state.headers);
    return;
  });
  const post = (name: string, title: string, created_utc: number, more: object = {}) =>
    posts.push({
      name,
      title,
      created_utc,
      author: 'ann',
      selftext: '',
      subreddit: 'stocks',
      permalink: `/r/stocks/comments/${name.slice(3)}/x/`,
      edited: false,
      ...more,
    });
  return {
    ...api,
    posts,
    state,
    post,
    settings: { type: 'reddit', name: 'r', ...ACCESS, url: api.url, token_url: `${api.url}/api/v1/access_token` },
  };
}

const listings = (requests: readonly ApiRequest[]) => requests.filter(({ path }) => path.startsWith('/r/'));

describeSourceContract('reddit', async () => {
  const origin = await openReddit();
  return {
    settings: { ...origin.settings, recheck_hours: 0 },
    offer: async (items) => {
      for (const { id, text, time } of items) origin.post(`t3_${id.slice(5)}`, text, Date.parse(time) / 1000);
    },
    offerGarbage: async () => {
      origin.state.garbage = '<html>';
      origin.state.extra.push({ kind: 't3', data: { name: 'nonsense' } });
    },
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('a reddit source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openReddit>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openReddit();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });
  const now = () => Math.floor(Date.now() / 1000);
  const start = (more: object = {}) => bench.start({ sources: [{ ...origin.settings, ...more }] });

  it('gets one token and uses it, with a user agent that says who asks, and shows no secret', async () => {
    origin.post('t3_a', 'Acme falls', now() - 100, { selftext: 'By **half**.' });
    await start();
    const [document] = await bench.documents(1);
    expect(document).toMatchObject({
      title: 'Acme falls',
      text: 'By **half**.',
      url: 'https://www.reddit.com/r/stocks/comments/a/x/',
      source: 'reddit',
    });
    await eventually(() => listings(origin.requests).length > 3);
    expect(origin.state.tokens).toBe(1);
    const [first] = listings(origin.requests);
    expect(first?.path).toBe('/r/stocks+investing/new');
    expect(first?.headers['user-agent']).toBe('node:tidewatch:v1 (by /u/tide_keeper)');
    expect(JSON.stringify(bench.lines)).not.toMatch(/app-secret|token-1/);
  });

  it('asks for what is newer than its last post, and without it where that post is gone', async () => {
    origin.post('t3_a', 'First', now() - 100);
    const stage = await start();
    await bench.documents(1);
    await eventually(() => listings(origin.requests).some(({ query }) => query.get('before') === 't3_a'));
    const first = origin.posts[0];
    if (first !== undefined) first.author = '[deleted]';
    origin.post('t3_b', 'Second, after the first was deleted', now() - 50);
    expect(await bench.documents(2)).toHaveLength(2);
    expect(stage.health()[0]?.status).toBe('ok');
  });

  it('reads all pages of what came while it was away', async () => {
    origin.post('t3_0', 'Start', now() - 1000);
    const stage = await start();
    await bench.documents(1);
    await stage.stop();
    for (let index = 1; index <= 250; index += 1)
      origin.post(`t3_${index}`, `Post number ${index}`, now() - 900 + index);
    await start();
    expect(await bench.documents(251)).toHaveLength(251);
  });

  it.each([
    [250, 250, 0],
    [1300, 1000, 1],
  ])(
    'goes back page after page where its last post is gone: of %i new ones %i, with what is beyond counted',
    async (came, had, counted) => {
      origin.post('t3_0', 'Start', now() - 3000);
      const stage = await start({ recheck_hours: 0 });
      await bench.documents(1);
      await stage.stop();
      const [first] = origin.posts;
      if (first !== undefined) first.author = '[deleted]';
      origin.post('t3_old', 'Older than the last one', now() - 3100);
      for (let index = 1; index <= came; index += 1)
        origin.post(`t3_${index}`, `Post number ${index}`, now() - 2900 + index);
      await start({ recheck_hours: 0 });
      const documents = await bench.documents(1 + had);
      expect(documents.slice(1).map(({ title, text }) => title ?? text)).toEqual(
        Array.from({ length: had }, (_, index) => `Post number ${came - had + index + 1}`),
      );
      expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'backlog' })).toBe(counted);
    },
  );

  it('gets another token where the one it has is no longer taken', async () => {
    await start();
    await eventually(() => listings(origin.requests).length > 0);
    origin.state.token = 'token-2';
    origin.post('t3_a', 'Later', now());
    await bench.documents(1);
    expect(origin.state.tokens).toBe(2);
  });

  it('says what is wrong with its credentials', async () => {
    const stage = await start({ secret: 'wrong' });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toMatch(/client_id and secret/);
    await expect(bench.start({ sources: [{ ...origin.settings, contact: 'me' }] })).rejects.toThrow('contact');
  });

  it('tells of posts that were deleted or removed since, and stops watching them', async () => {
    const stop = new AbortController();
    const [settings] = ingestSettings.parse({ sources: [origin.settings] }).sources;
    const run = async (until: () => boolean) => {
      const source = await createComponent(
        sources,
        settings ?? { type: '', name: '' },
        bench.context('r', stop.signal),
      );
      const ended = new AbortController();
      const running = source.run(async (batch, options) => {
        ended.signal.throwIfAborted();
        items.push(...batch);
        removed.push(...(options?.removed ?? []));
        return { accepted: batch.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
      });
      await eventually(until);
      return running;
    };
    const items: RawItem[] = [];
    const removed: Removal[] = [];
    origin.post('t3_a', 'Kept', now() - 30);
    origin.post('t3_b', 'Deleted later', now() - 20);
    origin.post('t3_c', 'Removed later', now() - 10);
    void run(() => items.length === 3);
    await eventually(() => items.length === 3);
    Object.assign(origin.posts[1] ?? {}, { author: '[deleted]', selftext: '[deleted]' });
    Object.assign(origin.posts[2] ?? {}, { removed_by_category: 'moderator' });
    // A restart looks at once.
    void run(() => removed.length === 2);
    await eventually(() => removed.length === 2);
    stop.abort(new Error('stopping'));
    expect(removed.map(({ guid, source, reason }) => [guid, source, reason])).toEqual([
      ['t3_b', 'reddit', 'deleted'],
      ['t3_c', 'reddit', 'deleted'],
    ]);
    const table = bench.context('r', stop.signal).state.table('ingest_reddit_watched');
    await eventually(() => table.count() === 1);
  });
});

describe('what Reddit says of its limits', () => {
  it.each([
    [{}, 0], [{ 'x-ratelimit-remaining': '99.0', 'x-ratelimit-reset': '500' }, 0],
    [{ 'x-ratelimit-remaining': '10.0', 'x-ratelimit-reset': '300' }, 30_000],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '120' }, 120_000],
    [{ 'x-ratelimit-remaining': 'x', 'x-ratelimit-reset': '120' }, 0],
  ])('%j means a rest of %i ms', (headers, expected) => {
    expect(restOf(headers as Record<string, string>)).toBe(expected);
  }); // prettier-ignore
});

describe('a listing', () => {
  const read = (...data: object[]) =>
    readListing({
      kind: 'Listing',
      data: {
        children: data.map((post) => ({
          kind: 't3',
          data: { name: 't3_a', title: 't', created_utc: 1_772_438_400, ...post },
        })),
      },
    });
  it('marks an edit, and what a post repeats', () => {
    expect(read({ author: 'x', edited: 1_772_438_500, crosspost_parent: 't3_0' }).posts[0]?.item).toMatchObject({
      revision: '1772438500',
      repost_of: 't3_0',
      published_at: '2026-03-02T08:00:00.000Z',
    });
  });
  it('tells deleted posts from those of a deleted account that still stand', () => {
    expect(read({ author: '[deleted]', selftext: '[removed]' })).toMatchObject({ posts: [], removed: ['t3_a'] });
    expect(read({ author: '[deleted]', selftext: 'still here' }).posts).toHaveLength(1);
  });
  it('that is none is an error with what to do', () => {
    expect(() => readListing({ error: 403 })).toThrow(/no listing/);
  });
});
