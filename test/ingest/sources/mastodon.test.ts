import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createComponent } from '../../../core/config.ts';
import { sources } from '../../../ingest/registry.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import type { RawItem, Removal } from '../../../ingest/source.ts';
import { isNewer, readStatus } from '../../../ingest/sources/mastodon_status.ts';
import { readServerSentEvents } from '../../../ingest/sources/server_sent_events.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';
import { openApi, sendJson } from './api_server.ts';

interface Status {
  id: string;
  content: string;
  [field: string]: unknown;
}

const TOKEN = 'an-access-token';

/** Streams and timelines as docs.joinmastodon.org describes them: events with a heartbeat, min_id, 40 a page. */
async function openMastodon() {
  const statuses: Status[] = [];
  const streams = new Set<ServerResponse>();
  const api = await openApi(({ path, query, headers }, response) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(401).end('{"error":"Missing access token"}');
      return;
    }
    if (path.startsWith('/api/v1/streaming/')) {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':)\n\n');
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return;
    }
    const min = query.get('min_id');
    const newest = statuses.toReversed();
    const limit = Math.min(40, Number(query.get('limit') ?? 20));
    const after = min === null ? -1 : statuses.findIndex(({ id }) => id === min);
    sendJson(
      response,
      min === null ? newest.slice(0, limit) : statuses.slice(after + 1, after + 1 + limit).toReversed(),
    );
  });
  let last = 110_000_000_000_000_000n;
  const send = (event: string, data: string): void => {
    for (const stream of streams) stream.write(`event: ${event}\ndata: ${data}\n\n`);
  };
  return {
    ...api,
    statuses,
    streams,
    send,
    post(text: string, more: object = {}): Status {
      last += 65_536n;
      const status = {
        id: String(last), created_at: new Date().toISOString(), edited_at: null, content: `<p>${text}</p>`, spoiler_text: '', visibility: 'public', language: 'en',
        uri: `https://other.example/users/ann/statuses/${last}`, url: `https://other.example/@ann/${last}`, account: { acct: 'ann@other.example' }, reblog: null, ...more,
      }; // prettier-ignore
      statuses.push(status);
      send('update', JSON.stringify(status));
      return status;
    },
    close: api.close,
  };
}

describeSourceContract('mastodon', async () => {
  const origin = await openMastodon();
  const ids = new Map<string, string>();
  return {
    settings: { type: 'mastodon', name: 'fedi', url: origin.url, token: TOKEN },
    offer: async (items) => {
      for (const { id, text, time } of items) ids.set(id, origin.post(text, { created_at: time }).id);
    },
    offerGarbage: async () => {
      origin.statuses.push({ id: '??', content: 'x' });
      await eventually(() => origin.streams.size > 0).catch(() => undefined);
      origin.send('update', '{"id":');
      origin.send('update', '[]');
    },
    offerRemoval: async (id) => origin.send('delete', ids.get(id) ?? ''),
    fail: async (isFailing) => origin.fail(isFailing),
    close: origin.close,
  };
});

describe('a mastodon source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let origin: Awaited<ReturnType<typeof openMastodon>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    origin = await openMastodon();
  });
  afterEach(async () => {
    await bench.close();
    await origin.close();
  });
  const settings = (more: object = {}) => ({ type: 'mastodon', name: 'fedi', url: origin.url, token: TOKEN, ...more });
  const start = async (more: object = {}) => {
    const stage = await bench.start({ sources: [settings(more)] });
    await eventually(() => origin.streams.size === 1);
    return stage;
  };
  const paths = () => origin.requests.map(({ path, query }) => `${path}?${query.toString()}`);

  it('opens the stream of the settings, then asks its timeline for what it missed', async () => {
    const stage = await start({ hashtag: '股市', local: true });
    await eventually(() => paths().length === 2);
    await stage.stop();
    const tag = encodeURIComponent('股市');
    expect(paths()).toEqual([
      `/api/v1/streaming/hashtag/local?tag=${tag}`,
      `/api/v1/timelines/tag/${tag}?local=true&limit=40`,
    ]);
    expect(origin.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${TOKEN}`,
      accept: 'text/event-stream',
    });
    expect(JSON.stringify(bench.lines)).not.toContain(TOKEN);
  });

  it('makes good what was posted while the stream was down, page after page', async () => {
    origin.post('Before it broke, as usual');
    await start();
    await bench.documents(1);
    origin.fail(true);
    for (let index = 0; index < 95; index += 1) origin.post(`Post number ${index} while it was down`);
    origin.fail(false);
    expect(await bench.documents(96)).toHaveLength(96);
    await eventually(() => origin.streams.size === 1);
    origin.post('After that, live');
    expect((await bench.documents(97)).at(-1)?.text).toBe('After that, live');
  });

  it('reads HTML as text, and its author with the server', async () => {
    origin.post('Buy <a href="https://x.example">#Acme</a><br>now &amp; here', {
      account: { acct: 'bob' },
      spoiler_text: 'Markets',
    });
    await start();
    const [document] = await bench.documents(1);
    expect(document?.text).toBe('Markets Buy #Acme now & here');
    expect(document?.source).toBe(new URL(origin.url).host);
  });

  it('takes an edit in place of the first version, under its id', async () => {
    await start();
    const first = origin.post('Acme is fine, says everyone here today');
    await bench.documents(1);
    origin.send(
      'status.update',
      JSON.stringify({
        ...first,
        content: '<p>Acme is broke, I was wrong about it all</p>',
        edited_at: '2026-03-02T09:00:00.000Z',
      }),
    );
    const [before, after] = await bench.documents(2);
    expect(after).toMatchObject({
      id: before?.id,
      text: 'Acme is broke, I was wrong about it all',
      published_at: before?.published_at,
    });
  });

  it('passes on a deletion under the id by which the post came', async () => {
    const stop = new AbortController();
    const [parsed] = ingestSettings.parse({ sources: [settings()] }).sources;
    const source = await createComponent(sources, parsed ?? { type: '', name: '' }, bench.context('fedi', stop.signal));
    const seen: (RawItem | Removal)[] = [];
    const run = source.run(async (items, options) => {
      seen.push(...items, ...(options?.removed ?? []));
      return { accepted: items.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
    });
    await eventually(() => origin.streams.size === 1);
    const { id } = origin.post('Regretted soon');
    origin.send('delete', id);
    await eventually(() => seen.some((one) => 'reason' in one));
    stop.abort(new Error('stopping'));
    await run;
    expect(seen.at(-1)).toEqual({ guid: id, source: new URL(origin.url).host, reason: 'deleted' });
  });

  it('says where a token is wanted, and leaves a stream that fell silent', async () => {
    const stage = await bench.start({ sources: [settings({ token: 'a-wrong-token' })] });
    await eventually(() => stage.health()[0]?.status === 'failing');
    expect(stage.health()[0]?.reason).toContain('token_file');
    await stage.stop();
    await start({ silence_ms: 100 });
    await eventually(() => origin.requests.filter(({ path }) => path.includes('streaming')).length >= 3);
  });

  it('leaves out posts that are only a picture, counted and no error', async () => {
    await start();
    origin.post('', { media_attachments: [{ type: 'image' }] });
    origin.post('<p>&nbsp;</p>');
    origin.post('跌了');
    expect((await bench.documents(1)).map(({ text }) => text)).toEqual(['跌了']);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'untitled' })).toBe(2);
    expect(await bench.metric('tidewatch_errors_total')).toBe(0);
  });

  it('takes the posts that its filter wants: words of the text, not of its markup', async () => {
    await start({ keywords: ['profit', 'href'], languages: ['en'] });
    origin.post('<a href="https://x.example">nothing of the kind</a>');
    origin.post('Der profit fällt', { language: 'de' });
    origin.post('Less profit this year');
    expect((await bench.documents(1)).map(({ text }) => text)).toEqual(['Less profit this year']);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'filtered' })).toBe(2);
  });
});

describe('a status', () => {
  const read = (over: object) =>
    readStatus(
      { id: '1', created_at: '2026-03-02T08:00:00Z', content: '<p>x</p>', account: { acct: 'a' }, ...over },
      'm.example',
    );
  it('that is not public is left out', () => {
    expect(read({ visibility: 'private' })).toBeNull();
    expect(read({ visibility: 'unlisted' })).not.toBeNull();
  });
  it('says what it repeats or quotes, and what its card says where it has no words', () => {
    expect(read({ quote: { state: 'accepted', quoted_status: { id: '9' } } })).toMatchObject({
      item: { repost_of: '9' },
    });
    expect(read({ content: '<p></p>', card: { title: 'Acme recalls' } })).toMatchObject({
      item: { text: 'Acme recalls' },
    });
  });
  it('is newer by its number, however long', () => {
    expect([
      isNewer('10', '9'),
      isNewer('9', '10'),
      isNewer('110000000000000001', '110000000000000000'),
      isNewer('1', ''),
    ]).toEqual([true, false, true, true]);
  });
});

describe('server-sent events', () => {
  const read = async (chunks: string[], limit = 1000) => {
    const events = [];
    for await (const event of readServerSentEvents((async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk);
    })(), limit)) events.push(event);
    return events;
  }; // prettier-ignore
  it('come whole however they are cut, with comments and unknown fields left out', async () => {
    expect(await read([':thump\n\neve', 'nt: update\nda', 'ta: one\nid: 4\ndata:two\r\n\r\n', 'data\n\ndata: cut off'])).toEqual([
      { event: 'update', data: 'one\ntwo', isTooLong: false }, { event: 'message', data: '', isTooLong: false },
    ]); // prettier-ignore
  });
  it('that are too long are said to be, and the next one comes', async () => {
    expect(
      await read([`data: ${'x'.repeat(5000)}\n\ndata: ok\n\n`, `${'data: 0123456789\n'.repeat(200)}\n`], 1000),
    ).toMatchObject([{ isTooLong: true, data: '' }, { data: 'ok' }, { isTooLong: true, data: '' }]);
  });
});
