/**
 * Public posts of a Mastodon server, as they come, by its streaming API: server-sent events of new, edited and deleted
 * statuses. A stream has no cursor, so each connection first opens the stream and then asks the timeline for what is
 * newer than the last durable status (min_id), page by page, up to a limit. Deletions and edits while we were away are
 * not told of.
 * Source: docs.joinmastodon.org/methods/streaming and /methods/timelines (300 requests in 5 minutes, 40 a page).
 * Rejected: the same over a web socket (needed only to follow many streams at once, and its token goes into the URL).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { TidewatchError, redactUrl } from '../../core/errors.ts';
import { cleanText } from '../../core/text.ts';
import { createConditionKeeper } from '../condition.ts';
import { htmlToText } from '../html.ts';
import type { Emit, RawItem, Refusal, Removal, Source } from '../source.ts';
import { askJson, statusError } from './ask.ts';
import { createInbox } from './inbox.ts';
import { isNewer, readStatus } from './mastodon_status.ts';
import { createPostFilter, postFilterSettings, type PostFilter } from './post_filter.ts';
import { CONNECTION_BACKOFF, repeat } from './repeat.ts';
import { hostGate } from './rss_hosts.ts';
import { readServerSentEvents, type ServerSentEvent } from './server_sent_events.ts';

const settings = z.object({
  url: z.url({ protocol: /^https?$/ }).describe('Address of the server, such as https://mastodon.social.'),
  token: z
    .string()
    .min(8)
    .optional()
    .describe('Access token with read:statuses; most servers stream to nobody without one. Better as token_file.'),
  hashtag: z
    .string()
    .regex(/^[\p{L}\p{N}_]{1,100}$/u, 'a tag without #')
    .optional()
    .describe('Only posts with this tag, without #; absent: the public timeline.'),
  local: z.boolean().default(false).describe('Only posts written on this server.'),
  ...postFilterSettings,
  silence_ms: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(60_000)
    .describe('A stream without a sign of life for so long is left; servers send one every 15 s.'),
});

type MastodonSettings = z.output<typeof settings>;

interface MastodonCursor {
  /** The server and stream that it belongs to. */
  readonly stream: string;
  /** Newest status that is durable; '' before the first. */
  readonly newest: string;
}

const PAGE = 40;
const MAX_PAGES = 50;
const GAP_MS = 1000;
const MAX_WAITING = 5000;
const MAX_EVENT_BYTES = 500_000;
const FORBIDDEN_HINT =
  'Make an access token with read:statuses on that server (Preferences, Development), and give it as token_file.';

export const mastodonSource = defineComponent({
  name: 'mastodon',
  summary: 'Listens to a Mastodon server’s public or hashtag timeline (streaming API), with edits and deletes.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, redactUrl(chosen.url));
    const isWanted = createPostFilter(chosen);
    return {
      endless: true,
      condition: () => condition.read(),
      run: (emit) =>
        repeat(context, condition, CONNECTION_BACKOFF, (connected) =>
          listenOnce(chosen, context, isWanted, emit, connected),
        ),
    };
  },
});

/** One connection, until it ends: then it throws why, after what had come is durable. */
async function listenOnce(
  chosen: MastodonSettings,
  context: Context,
  isWanted: PostFilter,
  emit: Emit,
  connected: () => void,
): Promise<never> {
  const address = addressOf(chosen, 'streaming');
  const failed = new AbortController();
  const signal = AbortSignal.any([context.signal, failed.signal]);
  const limits = { connections: 2, requestsPerSecond: 1000 / GAP_MS };
  const answer = await hostGate(context.http, context.clock).run(address, limits, signal, () =>
    context.http.stream(address, {
      headers: { accept: 'text/event-stream', ...authorization(chosen) },
      silenceMs: chosen.silence_ms,
      signal,
    }),
  );
  if (answer.body === null) throw statusError(answer, address, FORBIDDEN_HINT, context.clock.now());
  const inbox = createInbox<ServerSentEvent>(MAX_WAITING);
  const received = receive(answer.body, inbox.push).catch((error: unknown) => {
    inbox.close();
    throw error;
  });
  received.catch(() => undefined);
  try {
    connected();
    await catchUp(chosen, context, isWanted, emit);
    await storeBatches(inbox.batches(), chosen, context, isWanted, emit);
    await received;
    throw new TidewatchError('http.unavailable', `${redactUrl(address)} ended the stream`);
  } finally {
    inbox.close();
    failed.abort(new Error('The connection is left.'));
  }
}

async function receive(body: AsyncIterable<Buffer>, push: (event: ServerSentEvent) => void): Promise<void> {
  for await (const event of readServerSentEvents(body, MAX_EVENT_BYTES)) push(event);
  throw new TidewatchError('http.unavailable', 'The server ended the stream');
}

/** What is newer than the last durable status, oldest first; the first time, the newest page. */
async function catchUp(chosen: MastodonSettings, context: Context, isWanted: PostFilter, emit: Emit): Promise<void> {
  const cursor = openCursor(chosen, context);
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const address = new URL(addressOf(chosen, 'timelines'));
    address.searchParams.set('limit', String(PAGE));
    if (cursor.newest() !== '') address.searchParams.set('min_id', cursor.newest());
    const question = {
      url: address.href,
      gapMs: GAP_MS,
      headers: authorization(chosen),
      forbiddenHint: FORBIDDEN_HINT,
    };
    const isFirst = cursor.newest() === '';
    const { answer } = await askJson(context, question, z.array(z.unknown()));
    const events = answer.toReversed().map((value) => ({ event: 'update', value }));
    await storeEvents(events, chosen, context, isWanted, emit);
    if (isFirst || answer.length < PAGE || cursor.newest() === address.searchParams.get('min_id')) return;
  }
  context.metrics.stage('ingest').skipped('backlog');
  context.log.warn(
    `${context.name}: more than ${MAX_PAGES * PAGE} posts while it was away; what lies between them and now is left out`,
  );
}

async function storeBatches(
  batches: AsyncIterable<readonly ServerSentEvent[]>,
  chosen: MastodonSettings,
  context: Context,
  isWanted: PostFilter,
  emit: Emit,
): Promise<void> {
  for await (const batch of batches) {
    context.signal.throwIfAborted();
    const events = batch.map(({ event, data, isTooLong }) => ({
      event,
      value: isTooLong ? undefined : valueOf(event, data),
    }));
    await storeEvents(events, chosen, context, isWanted, emit);
  }
}

/** `value` is a status, or an id for a deletion; undefined where it could not be read. */
interface StatusEvent {
  readonly event: string;
  readonly value: unknown;
}

async function storeEvents(
  events: readonly StatusEvent[],
  chosen: MastodonSettings,
  context: Context,
  isWanted: PostFilter,
  emit: Emit,
): Promise<void> {
  const { host } = new URL(chosen.url);
  const cursor = openCursor(chosen, context);
  const items: RawItem[] = [];
  const removed: Removal[] = [];
  const refused: Refusal[] = [];
  const skipped = { filtered: 0, untitled: 0 };
  let newest = cursor.newest();
  for (const { event, value } of events) {
    if (event === 'delete' && typeof value === 'string') removed.push({ guid: value, source: host, reason: 'deleted' });
    if (event !== 'update' && event !== 'status.update') continue;
    const status = readStatus(value, host);
    if (typeof status === 'string') refused.push({ code: 'input.invalid', reason: status, value: value ?? null });
    if (status === null || typeof status === 'string') continue;
    if (event === 'update' && isNewer(status.id, newest)) newest = status.id;
    const text = htmlToText(status.item.text);
    // Nothing but a picture: there are many of them, and none is a fault.
    if (cleanText(text) === '') skipped.untitled += 1;
    else if (isWanted(text, status.languages)) items.push(status.item);
    else skipped.filtered += 1;
  }
  if (items.length + removed.length + refused.length > 0) await emit(items, { refused, removed });
  for (const [reason, count] of Object.entries(skipped))
    if (count > 0) context.metrics.stage('ingest').skipped(reason, count);
  await cursor.move(newest);
}

function openCursor(chosen: MastodonSettings, context: Context): { newest(): string; move(to: string): Promise<void> } {
  const cursors = context.state.table<MastodonCursor>('ingest_mastodon');
  const stream = addressOf(chosen, 'timelines');
  return {
    newest: () => {
      const cursor = cursors.get(context.name);
      return cursor?.stream === stream ? cursor.newest : '';
    },
    async move(newest) {
      if (newest !== cursors.get(context.name)?.newest) await cursors.put(context.name, { stream, newest });
    },
  };
}

function valueOf(event: string, data: string): unknown {
  if (event === 'delete') return data.trim();
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return undefined;
  }
}

function addressOf({ url, hashtag, local }: MastodonSettings, kind: 'streaming' | 'timelines'): string {
  const base = `${url.replace(/\/$/, '')}/api/v1/${kind}`;
  if (kind === 'timelines') {
    const path = hashtag === undefined ? 'public' : `tag/${encodeURIComponent(hashtag)}`;
    return `${base}/${path}${local ? '?local=true' : ''}`;
  }
  const path = hashtag === undefined ? 'public' : 'hashtag';
  const query = hashtag === undefined ? '' : `?tag=${encodeURIComponent(hashtag)}`;
  return `${base}/${path}${local ? '/local' : ''}${query}`;
}

function authorization({ token }: MastodonSettings): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}
