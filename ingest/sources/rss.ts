/**
 * A feed at an address: RSS, Atom or JSON Feed, fetched through the guarded client, asked for only when it changed
 * (ETag, Last-Modified), at the pace that the feed has and its publisher allows (rss_schedule.ts), so often a host and no
 * more (rss_hosts.ts), and pushed where it has a hub and we have an address (rss_websub.ts).
 *
 * Rejected: rss-parser's own fetching, which has no size limit, no conditional requests, no guard against redirects to
 * private addresses, and decodes only UTF-8 and Latin-1.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { redactUrl, toTidewatchError } from '../../core/errors.ts';
import type { FetchResult } from '../../core/http.ts';
import { tlsSettings } from '../../core/tls.ts';
import { createConditionKeeper } from '../condition.ts';
import { decodeFeed } from '../encoding.ts';
import { parseFeed, type Feed } from '../feed.ts';
import type { Emit, RawItem, Source } from '../source.ts';
import { addressToAsk, shownAddress } from './rss_address.ts';
import { discoverHub, feedCursors, takeAgainAt, type FeedCursor } from './rss_cursor.ts';
import { hostGate } from './rss_hosts.ts';
import { adaptedMs, backoffMs, nextFetchMs, type Pace } from './rss_schedule.ts';
import { checkStatus, FeedGone } from './rss_status.ts';
import { createSubscription, type Subscription } from './rss_websub.ts';
import { inZone, timeZone } from './time_zone.ts';

const settings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address of the feed.'),
  every_secs: z.number().int().min(30).max(86_400).default(300).describe('Shortest time between two fetches.'),
  max_every_secs: z
    .number()
    .int()
    .min(30)
    .max(604_800)
    .default(3600)
    .describe('Longest time between two fetches, however seldom the feed changes and whatever its publisher asks.'),
  timeout_ms: z.number().int().min(100).max(120_000).default(20_000).describe('Longest a fetch may take.'),
  max_bytes: z.number().int().min(1000).max(100_000_000).default(10_000_000).describe('Largest feed, decompressed.'),
  host_connections: z.number().int().min(1).max(100).default(2).describe('Requests at a time to one host.'),
  host_requests_per_sec: z.number().min(0.01).max(1000).default(2).describe('Requests a second to one host.'),
  time_zone: timeZone,
  language: z.string().min(2).max(20).optional().describe('Language of its items; absent: detected.'),
  source_class: z.enum(['news', 'social']).default('news').describe('Class of its items.'),
  websub: z
    .strictObject({
      callback_url: z.url({ protocol: /^https?$/ }).describe('Public address under which hubs reach host and port.'),
      host: z.string().min(1).default('127.0.0.1').describe('Address to listen on for hubs.'),
      port: z.number().int().min(0).max(65_535).default(8082).describe('Port to listen on; feeds may share it.'),
      lease_secs: z.number().int().min(60).max(31_536_000).default(864_000).describe('Lease to ask hubs for.'),
      tls: tlsSettings,
    })
    .optional()
    .describe('Where hubs can push to; absent: the feed is polled only.'),
});

type RssSettings = z.output<typeof settings>;

export const rssSource = defineComponent({
  name: 'rss',
  summary: 'Fetches an RSS, Atom or JSON feed at an address, again and again; takes pushes of its WebSub hub.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, redactUrl(chosen.url));
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        const take = async (body: Buffer, contentType: string | undefined): Promise<void> => {
          const feed = await parseFeed(decodeFeed(body, contentType), shownAddress(chosen.url));
          await emit(itemsOf(feed, chosen));
          condition.succeeded();
        };
        const { websub, max_bytes } = chosen;
        const subscription = websub === undefined ? null : createSubscription({ ...websub, max_bytes }, context, take);
        try {
          await pollFeed(chosen, context, emit, subscription, condition);
        } finally {
          await subscription?.close();
        }
      },
    };
  },
});

async function pollFeed(
  chosen: RssSettings,
  context: Context,
  emit: Emit,
  subscription: Subscription | null,
  condition: ReturnType<typeof createConditionKeeper>,
): Promise<void> {
  const gate = hostGate(context.http, context.clock);
  const limits = { connections: chosen.host_connections, requestsPerSecond: chosen.host_requests_per_sec };
  for (let failures = 0; !context.signal.aborted;) {
    let wait: number;
    let address = chosen.url;
    try {
      const stored = feedCursors(context.state).get(context.name);
      const cursor = stored?.url === chosen.url ? stored : null;
      // After a failure the address in the settings is asked, not the one that a redirect once led to.
      address = addressToAsk(chosen.url, failures > 0 ? null : (cursor?.moved_to ?? null));
      const work = (): Promise<number> => fetchOnce(address, cursor, chosen, context, emit, subscription);
      wait = await gate.run(address, limits, context.signal, work);
      failures = 0;
      condition.succeeded(context.clock.now() + wait);
    } catch (thrown) {
      if (context.signal.aborted) return;
      const error = toTidewatchError(thrown);
      failures += 1;
      context.metrics.stage('ingest').error(error.code);
      if (error instanceof FeedGone) {
        condition.died(error);
        return;
      }
      if (error.retryAfterMs !== undefined) gate.hold(address, context.clock.now() + error.retryAfterMs);
      wait = backoffMs(failures, error.retryAfterMs ?? null, Math.random());
      condition.failed(error, context.clock.now() + wait);
    }
    await context.clock.sleep(wait, context.signal).catch(() => undefined);
  }
}

/** Fetches, emits, moves the cursor; returns milliseconds until the next fetch. */
async function fetchOnce(
  address: string,
  cursor: FeedCursor | null,
  chosen: RssSettings,
  context: Context,
  emit: Emit,
  subscription: Subscription | null,
): Promise<number> {
  // A cursor of versions before this one does not say when.
  const isDue = (cursor?.take_again_at ?? 0) <= context.clock.now();
  const response = await context.http.fetch(address, {
    headers: {
      accept: 'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5',
      ...(isDue || cursor?.etag == null ? {} : { 'if-none-match': cursor.etag }),
      ...(isDue || cursor?.last_modified == null ? {} : { 'if-modified-since': cursor.last_modified }),
    },
    timeoutMs: chosen.timeout_ms,
    maxBytes: chosen.max_bytes,
    signal: context.signal,
  });
  const isUnchanged = response.status === 304 && cursor !== null;
  if (!isUnchanged) checkStatus(response, address, address !== chosen.url, context.clock.now());
  const body = isUnchanged ? cursor.body : createHash('sha256').update(response.body).digest('hex');
  const pace = { shortestMs: chosen.every_secs * 1000, longestMs: chosen.max_every_secs * 1000 };
  const moved = response.movedPermanently ? response.url : address === chosen.url ? null : address;
  const next =
    cursor !== null && (isUnchanged || (!isDue && body === cursor.body))
      ? { ...cursor, moved_to: moved, interval_ms: adaptedMs(cursor.interval_ms, false, pace) }
      : await takeFeed(response, { url: chosen.url, moved_to: moved, body }, cursor, pace, chosen, context, emit);
  await feedCursors(context.state).put(context.name, next);
  await subscription?.follow(next.hub, next.topic);
  const interval = subscription?.isActive() === true ? pace.longestMs : next.interval_ms;
  const wishes = {
    ttlSeconds: next.ttl_secs,
    skipHours: next.skip_hours,
    skipDays: next.skip_days,
    cacheControl: response.headers['cache-control'],
    expires: response.headers['expires'],
  };
  return nextFetchMs(interval, pace, wishes, context.clock.now(), Math.random());
}

/** Emits what an answer brings; the cursor behind it. */
async function takeFeed(
  response: FetchResult,
  known: Pick<FeedCursor, 'url' | 'moved_to' | 'body'>,
  before: FeedCursor | null,
  pace: Pace,
  chosen: RssSettings,
  context: Context,
  emit: Emit,
): Promise<FeedCursor> {
  const { headers } = response;
  const url = shownAddress(response.url);
  const feed = await parseFeed(decodeFeed(response.body, headers['content-type']), url);
  const { accepted, rememberedMs } = await emit(itemsOf(feed, chosen));
  // Of a feed that broke off nothing is remembered by which the rest could be missed.
  if (feed.isTruncated) context.metrics.stage('ingest').skipped('feed_cut_off');
  return {
    ...known,
    body: feed.isTruncated ? null : known.body,
    etag: feed.isTruncated ? null : (headers['etag'] ?? null),
    last_modified: feed.isTruncated ? null : (headers['last-modified'] ?? null),
    ttl_secs: feed.ttlSeconds,
    skip_hours: feed.skipHours,
    skip_days: feed.skipDays,
    interval_ms: adaptedMs(before?.interval_ms ?? null, accepted > 0, pace),
    take_again_at: takeAgainAt(context.clock.now(), rememberedMs),
    ...discoverHub({ headers, url }, feed),
  };
}

function itemsOf(feed: Feed, { source_class, language, time_zone }: RssSettings): RawItem[] {
  return feed.items.map((item) =>
    Object.assign({}, inZone(item, time_zone), { source_class }, language === undefined ? {} : { language }),
  );
}
