/** What is kept of a feed between fetches, and what its answers say of the next one. */
import type { Feed } from '../feed.ts';
import type { FetchResult } from '../../core/http.ts';
import type { State, StateTable } from '../../core/state/state.ts';

const DAY_MS = 86_400_000;

export interface FeedCursor {
  /** The address in the settings: another one starts anew. */
  readonly url: string;
  /** Where a permanent redirect led. */
  readonly moved_to: string | null;
  readonly etag: string | null;
  readonly last_modified: string | null;
  /** SHA-256 of the body: many servers know neither ETag nor 304. */
  readonly body: string | null;
  readonly ttl_secs: number | null;
  readonly skip_hours: readonly number[];
  readonly skip_days: readonly number[];
  /** The interval that the feed's own pace has led to. */
  readonly interval_ms: number;
  /** Epoch milliseconds from which what it brings is emitted also where it is the same; see takeAgainAt. */
  readonly take_again_at?: number;
  /** Where the feed can be subscribed to (WebSub), and under which address. */
  readonly hub: string | null;
  readonly topic: string | null;
}

export function feedCursors(state: State): StateTable<FeedCursor> {
  return state.table<FeedCursor>('ingest_feeds');
}

/**
 * When a feed that stays as it is must be taken in once more. Its items are remembered for so long after the stage last saw
 * them, and anew only when it sees them in the second half of that time (dedupe.ts): a feed that nobody emits for longer,
 * since it answers 304, would bring all its old items as news with its next new one. A quarter leaves room for fetches
 * that fail.
 */
export function takeAgainAt(now: number, rememberedMs: number): number {
  return now + Math.min(DAY_MS, rememberedMs / 4);
}

/** The hub and topic that an answer names: Link headers count before the feed's own links (WebSub 4). */
export function discoverHub(
  { headers, url }: Pick<FetchResult, 'headers' | 'url'>,
  feed: Pick<Feed, 'hubs' | 'self'>,
): { readonly hub: string | null; readonly topic: string | null } {
  const links = parseLinks(headers['link'] ?? '');
  const hub = links.get('hub') ?? feed.hubs[0];
  const topic = links.get('self') ?? feed.self ?? url;
  if (hub === undefined || !URL.canParse(hub, url) || !URL.canParse(topic, url)) return { hub: null, topic: null };
  return { hub: new URL(hub, url).href, topic: new URL(topic, url).href };
}

/** The first address of each relation in a Link header (RFC 8288); what has another form is left out. */
function parseLinks(header: string): Map<string, string> {
  const links = new Map<string, string>();
  for (const [, address = '', parameters = ''] of header.slice(0, 8000).matchAll(/<([^<>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters);
    for (const relation of (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/)) {
      if (relation !== '' && !links.has(relation)) links.set(relation, address);
    }
  }
  return links;
}
