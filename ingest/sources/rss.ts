/**
 * A feed at an address: RSS, Atom or JSON Feed, fetched through the guarded client, asked for only when it changed
 * (ETag, Last-Modified), at the pace that its publisher allows.
 *
 * Rejected: rss-parser's own fetching, which has no size limit, no conditional requests, no guard against redirects to
 * private addresses, and decodes only UTF-8 and Latin-1.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError, redactUrl, toTidewatchError } from '../../core/errors.ts';
import type { FetchResult } from '../../core/http.ts';
import { createConditionKeeper } from '../condition.ts';
import { decodeFeed } from '../encoding.ts';
import { parseFeed } from '../feed.ts';
import type { Emit, Source } from '../source.ts';
import { backoffMs, nextFetchMs, retryAfterMs } from './rss_schedule.ts';

const settings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address of the feed.'),
  every_secs: z.number().int().min(30).max(86_400).default(300).describe('Seconds between two fetches.'),
  timeout_ms: z.number().int().min(100).max(120_000).default(20_000).describe('Longest a fetch may take.'),
  max_bytes: z.number().int().min(1000).max(100_000_000).default(10_000_000).describe('Largest feed, decompressed.'),
  language: z.string().min(2).max(20).optional().describe('Language of its items; absent: detected.'),
  source_class: z.enum(['news', 'social']).default('news').describe('Class of its items.'),
});

type RssSettings = z.output<typeof settings>;

/** What is kept of a feed between fetches. */
interface FeedCursor {
  /** The address in the settings: another one starts anew. */
  readonly url: string;
  /** Where a permanent redirect led. */
  readonly moved_to: string | null;
  readonly etag: string | null;
  readonly last_modified: string | null;
  /** SHA-256 of the body: many servers know neither ETag nor 304. */
  readonly body: string;
  readonly ttl_secs: number | null;
}

export const rssSource = defineComponent({
  name: 'rss',
  summary: 'Fetches an RSS, Atom or JSON feed at an address, again and again.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, redactUrl(chosen.url));
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        let failures = 0;
        while (!context.signal.aborted) {
          let wait: number;
          try {
            wait = await fetchOnce(chosen, context, emit, failures > 0);
            failures = 0;
            condition.succeeded(context.clock.now() + wait);
          } catch (thrown) {
            if (context.signal.aborted) return;
            const error = toTidewatchError(thrown);
            failures += 1;
            context.metrics.stage('ingest').error(error.code);
            if (error instanceof FeedGone) {
              condition.failed(error);
              return;
            }
            wait = backoffMs(failures, error.retryAfterMs ?? null, Math.random());
            condition.failed(error, context.clock.now() + wait);
          }
          await context.clock.sleep(wait, context.signal).catch(() => undefined);
        }
      },
    };
  },
});

/** 410: the publisher says that it will not come back. */
class FeedGone extends TidewatchError {}

/**
 * Fetches, emits, moves the cursor; returns milliseconds until the next fetch. After a failure the address in the
 * settings is asked, not the one that a redirect once led to.
 */
async function fetchOnce(chosen: RssSettings, context: Context, emit: Emit, isRetry: boolean): Promise<number> {
  const cursors = context.state.table<FeedCursor>('ingest_feeds');
  const stored = cursors.get(context.name);
  const cursor = stored?.url === chosen.url ? stored : null;
  const address = (isRetry ? null : cursor?.moved_to) ?? chosen.url;
  const response = await context.http.fetch(address, {
    headers: {
      accept: 'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5',
      ...(cursor?.etag == null ? {} : { 'if-none-match': cursor.etag }),
      ...(cursor?.last_modified == null ? {} : { 'if-modified-since': cursor.last_modified }),
    },
    timeoutMs: chosen.timeout_ms,
    maxBytes: chosen.max_bytes,
    signal: context.signal,
  });
  const everyMs = chosen.every_secs * 1000;
  const cacheControl = response.headers['cache-control'];
  if (response.status === 304 && cursor !== null) {
    return nextFetchMs({ everyMs, ttlSeconds: cursor.ttl_secs, cacheControl }, Math.random());
  }
  checkStatus(response, address, context.clock.now());

  const body = createHash('sha256').update(response.body).digest('hex');
  if (body === cursor?.body) return nextFetchMs({ everyMs, ttlSeconds: cursor.ttl_secs, cacheControl }, Math.random());
  const feed = await parseFeed(decodeFeed(response.body, response.headers['content-type']));
  await emit(
    feed.items.map((item) => ({
      ...item,
      source_class: chosen.source_class,
      ...(chosen.language === undefined ? {} : { language: chosen.language }),
    })),
  );
  await cursors.put(context.name, {
    url: chosen.url,
    moved_to: response.movedPermanently ? response.url : address === chosen.url ? null : address,
    etag: response.headers['etag'] ?? null,
    last_modified: response.headers['last-modified'] ?? null,
    body,
    ttl_secs: feed.ttlSeconds,
  });
  return nextFetchMs({ everyMs, ttlSeconds: feed.ttlSeconds, cacheControl }, Math.random());
}

/** @throws TidewatchError http.status, http.unavailable (with Retry-After) for any status but 200 */
function checkStatus({ status, headers }: FetchResult, address: string, now: number): void {
  if (status === 200) return;
  const where = redactUrl(address);
  if (status === 410) {
    throw new FeedGone('http.status', `${where} is gone for good (410); it is not fetched again`, {
      hint: 'Take this source out of the settings, or give its new address.',
    });
  }
  const after = retryAfterMs(headers['retry-after'], now);
  const wait = after === null ? {} : { retryAfterMs: after };
  if (status === 429 || status >= 500) {
    throw new TidewatchError('http.unavailable', `${where} answered ${status}`, wait);
  }
  const hint =
    status === 401 || status === 403
      ? 'It wants a log-in, or refuses programs: ask the publisher for a feed address.'
      : 'Look for the present address of the feed on the publisher’s site.';
  throw new TidewatchError('http.status', `${where} answered ${status}`, { hint, ...wait });
}
