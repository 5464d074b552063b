import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createComponent } from '../../../core/config.ts';
import type { Removal as Removed } from '../../../core/removal.ts';
import { TOPICS } from '../../../core/stream/stream.ts';
import { sources } from '../../../ingest/registry.ts';
import { ingestSettings } from '../../../ingest/settings.ts';
import type { RawItem, Removal } from '../../../ingest/source.ts';
import { readJetstreamEvent } from '../../../ingest/sources/bluesky_event.ts';
import { describeSourceContract } from '../../contracts/source.ts';
import { eventually, openWorkbench, type Workbench } from '../workbench.ts';
import { openJetstream } from './jetstream_server.ts';

const ANN = 'did:plc:ann';

describeSourceContract('bluesky', async () => {
  const jetstream = await openJetstream();
  return {
    settings: { type: 'bluesky', name: 'sky', url: jetstream.url },
    offer: async (items) => {
      for (const { id, text, time } of items) jetstream.post(ANN, id, text, { createdAt: time });
    },
    offerGarbage: async () => {
      jetstream.publish('{"did":');
      jetstream.publish('{"kind":"commit"}');
    },
    offerRemoval: async (id) => jetstream.commit('delete', ANN, id),
    fail: async (isFailing) => jetstream.fail(isFailing),
    close: jetstream.close,
  };
});

describe('a bluesky source', { timeout: 60_000 }, () => {
  let bench: Workbench;
  let jetstream: Awaited<ReturnType<typeof openJetstream>>;
  beforeEach(async () => {
    bench = await openWorkbench();
    jetstream = await openJetstream();
  });
  afterEach(async () => {
    await bench.close();
    await jetstream.close();
  });

  const start = async (more: object = {}) => {
    const stage = await bench.start({ sources: [{ type: 'bluesky', name: 'sky', url: jetstream.url, ...more }] });
    await eventually(() => stage.health()[0]?.status === 'ok');
    return stage;
  };

  it('asks for posts only, from a few seconds before its cursor, and never for messages over its limit', async () => {
    await start({ max_message_bytes: 50_000 });
    jetstream.post(ANN, 'a', 'One two three four five six');
    await bench.documents(1);
    jetstream.drop();
    await eventually(() => jetstream.requests.length >= 2);
    const [first, second] = jetstream.requests.map(({ searchParams }) => searchParams);
    expect(first?.get('wantedCollections')).toBe('app.bsky.feed.post');
    expect(first?.get('maxMessageSizeBytes')).toBe('50000');
    const age = Date.now() - Number(second?.get('cursor')) / 1000;
    expect(age).toBeGreaterThanOrEqual(5000);
    expect(age).toBeLessThan(15_000);
  });

  it('misses nothing of what was written while the connection was down, and takes nothing twice', async () => {
    await start();
    jetstream.post(ANN, 'a', 'Before the connection broke');
    await bench.documents(1);
    jetstream.fail(true);
    jetstream.post(ANN, 'b', 'While it was down, said the market');
    jetstream.fail(false);
    jetstream.post(ANN, 'c', 'After it came back, at last');
    const documents = await bench.documents(3);
    expect(documents.map(({ text }) => text.split(' ')[0])).toEqual(['Before', 'While', 'After']);
    expect(await bench.metric('tidewatch_documents_in_total')).toBe(3);
  });

  it('takes the posts that its filter wants, and counts the others', async () => {
    await start({ keywords: ['earnings', '财报', 'Gap'], cashtags: true, languages: ['en', 'zh'] });
    const texts = [
      'Strong EARNINGS today', 'nothing of interest', 'buy $TSLA now', '公司财报超预期', 'a gaping hole', 'Gap closes stores',
    ]; // prettier-ignore
    for (const [index, text] of texts.entries()) jetstream.post(ANN, `r${index}`, text, { langs: [] });
    jetstream.post(ANN, 'de', 'Die earnings von gestern', { langs: ['de'] });
    jetstream.post(ANN, 'zh', '财报', { langs: ['zh-Hans'] });
    const documents = await bench.documents(5);
    expect(documents.map(({ text }) => text)).toEqual([texts[0], texts[2], texts[3], texts[5], '财报']);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'filtered' })).toBe(3);
  });

  it('leaves out posts that are only a picture, counted and no error', async () => {
    await start();
    jetstream.post(ANN, 'a', '', { embed: { $type: 'app.bsky.embed.images', images: [{ alt: '' }] } });
    jetstream.post(ANN, 'b', ' \u200b\n');
    jetstream.post(ANN, 'c', '涨');
    expect((await bench.documents(1)).map(({ text }) => text)).toEqual(['涨']);
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'untitled' })).toBe(2);
    expect(await bench.metric('tidewatch_errors_total')).toBe(0);
  });

  it('does not let a wrong time carry its cursor into the future', async () => {
    await start();
    const future = Date.now() * 1000 + 9e12;
    jetstream.publish(JSON.stringify({ did: ANN, time_us: future, kind: 'identity' }), future);
    jetstream.post(ANN, 'a', 'One two three four');
    await bench.documents(1);
    jetstream.drop();
    await eventually(() => jetstream.requests.length >= 2);
    expect(Number(jetstream.requests[1]?.searchParams.get('cursor'))).toBeLessThan(Date.now() * 1000);
  });

  it('refuses a frame that is too big, says so, and goes on', async () => {
    const stage = await start({ max_message_bytes: 2000 });
    const seen = jetstream.requests.length;
    for (const client of jetstream.clients) client.send(JSON.stringify({ text: 'x'.repeat(5000) }));
    await eventually(() => jetstream.requests.length > seen);
    expect(bench.lines.map(({ msg }) => msg).join('\n')).toContain('2000 bytes');
    await eventually(() => stage.health()[0]?.status === 'ok');
    jetstream.post(ANN, 'a', 'Still here after that');
    expect(await bench.documents(1)).toHaveLength(1);
  });

  it('leaves an instance that fell silent and comes back', async () => {
    await start({ silence_ms: 100 });
    for (const client of jetstream.clients) client.pause();
    await eventually(() => jetstream.requests.length >= 2);
    expect(bench.lines.map(({ msg }) => msg).join('\n')).toContain('did not answer a ping');
  });

  it('gives up the connection rather than filling memory while the stream has no room, and loses nothing', async () => {
    const stop = new AbortController();
    const [settings] = ingestSettings.parse({
      sources: [{ type: 'bluesky', name: 'sky', url: jetstream.url }],
    }).sources;
    const source = await createComponent(
      sources,
      settings ?? { type: '', name: '' },
      bench.context('sky', stop.signal),
    );
    let letGo: () => void = () => undefined;
    const room = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const ids = new Set<string>();
    const run = source.run(async (items) => {
      await room;
      for (const { guid } of items) ids.add(guid ?? '');
      return { accepted: items.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
    });
    await eventually(() => jetstream.clients.size === 1);
    for (let index = 0; index < 6000; index += 1) jetstream.post(ANN, `r${index}`, `Post ${index}`);
    await eventually(() => jetstream.clients.size === 0);
    expect(source.condition().status).not.toBe('starting');
    letGo();
    await eventually(() => ids.size === 6000);
    stop.abort(new Error('stopping'));
    await run;
  });

  it('has a deleted post taken back in the stream, and counts deletions of what was never taken', async () => {
    await bench.stream.createGroup(TOPICS.removals, 'reader');
    await start({ keywords: ['profit'] });
    jetstream.post(ANN, 'a', 'Less profit than thought');
    jetstream.post(ANN, 'b', 'Nothing that is wanted');
    const [document] = await bench.documents(1);
    jetstream.commit('delete', ANN, 'b');
    jetstream.commit('delete', ANN, 'a');
    const end = new AbortController();
    const reading = { maxMessages: 10, maxWaitMs: 5, signal: end.signal };
    for await (const delivery of bench.stream.subscribe<Removed>(TOPICS.removals, 'reader', reading)) {
      expect(delivery.messages.map(({ value }) => value)).toMatchObject([
        { kind: 'document', values: [document?.id], by: 'origin', reason: 'deleted' },
      ]);
      end.abort();
    }
    expect(await bench.metric('tidewatch_documents_skipped_total', { reason: 'removal_unknown' })).toBe(1);
  });

  it('passes on deleted and taken down accounts, not those that may come back', async () => {
    const stop = new AbortController();
    const [settings] = ingestSettings.parse({
      sources: [{ type: 'bluesky', name: 'sky', url: jetstream.url }],
    }).sources;
    const source = await createComponent(
      sources,
      settings ?? { type: '', name: '' },
      bench.context('sky', stop.signal),
    );
    const removed: Removal[] = [];
    const items: RawItem[] = [];
    const run = source.run(async (batch, options) => {
      items.push(...batch);
      removed.push(...(options?.removed ?? []));
      return { accepted: batch.length, duplicates: 0, refused: [], rememberedMs: 3_600_000 };
    });
    jetstream.account('did:plc:gone', false, 'deleted');
    jetstream.account('did:plc:away', false, 'deactivated');
    jetstream.account('did:plc:bad', false, 'takendown');
    jetstream.account('did:plc:new', true, 'active');
    jetstream.post(ANN, 'a', 'x');
    await eventually(() => items.length === 1);
    stop.abort(new Error('stopping'));
    await run;
    expect(removed.map(({ author, reason }) => `${author} ${reason}`)).toEqual([
      'did:plc:gone account_deleted', 'did:plc:bad account_deleted',
    ]); // prettier-ignore
  });
});

describe('an event of Jetstream', () => {
  const event = (commit: object, more: object = {}) =>
    readJetstreamEvent(
      JSON.stringify({
        did: ANN,
        time_us: 1_772_438_400_123_456,
        kind: 'commit',
        commit: { rkey: '3k', collection: 'app.bsky.feed.post', ...commit },
        ...more,
      }),
    );
  const post = (record: object, operation = 'create') => {
    const read = event({ operation, cid: 'bafy1', record: { text: 't', ...record } });
    return typeof read === 'string' ? undefined : read.post?.item;
  };

  it('is a post with its address, author, time, language and what it quotes', () => {
    expect(post({ text: '茅台 $600519', createdAt: '2026-03-02T07:59:00Z', langs: ['zh', 'en'], embed: { $type: 'app.bsky.embed.record', record: { uri: 'at://did:plc:b/app.bsky.feed.post/1', cid: 'c' } } })).toEqual({
      guid: 'at://did:plc:ann/app.bsky.feed.post/3k', url: 'https://bsky.app/profile/did:plc:ann/post/3k', text: '茅台 $600519', html: false, author: ANN,
      published_at: '2026-03-02T07:59:00.000Z', source: 'bluesky', source_class: 'social', language: 'zh', repost_of: 'at://did:plc:b/app.bsky.feed.post/1',
    }); // prettier-ignore
    expect(post({ embed: { record: { record: { uri: 'at://x/y/z' } }, media: {} } })?.repost_of).toBe('at://x/y/z');
  });

  it('has the network’s time where its author’s clock is ahead, or says nothing', () => {
    expect(post({ createdAt: '2027-01-01T00:00:00Z' })?.published_at).toBe('2026-03-02T08:00:00.123Z');
    expect(post({})?.published_at).toBe('2026-03-02T08:00:00.123Z');
  });

  it('says what its link card says where it has no words of its own', () => {
    const embed = {
      external: { uri: 'https://example.com/a', title: 'Acme recalls cars', description: 'All of them' },
    };
    expect(post({ text: ' ', embed })?.text).toBe('Acme recalls cars All of them https://example.com/a');
    expect(post({ text: 'own words', embed })?.text).toBe('own words');
  });

  it('is an edit under the same id with a revision of its own', () => {
    expect(post({}, 'update')).toMatchObject({ guid: 'at://did:plc:ann/app.bsky.feed.post/3k', revision: 'bafy1' });
    expect(post({})).not.toHaveProperty('revision');
  });

  it.each([
    ['not JSON', 'oops'], ['no object', '[]'], ['without a time', '{"did":"did:plc:a","kind":"commit"}'],
    ['of a wrong author', '{"did":"javascript:1","time_us":1,"kind":"commit"}'],
  ])('that is %s is refused with a reason', (_, message) => {
    expect(readJetstreamEvent(message)).toMatch(/^It is n/);
  }); // prettier-ignore

  it('of another collection, or an identity, moves only the cursor', () => {
    expect(event({ operation: 'create', collection: 'app.bsky.feed.like', record: {} })).toEqual({
      timeUs: 1_772_438_400_123_456,
    });
    expect(event({ operation: 'create' })).toMatch(/without its record/);
  });
});
