/**
 * Posts of Bluesky, as they are written, by Jetstream: a public web socket that needs no key. The cursor is the time of
 * the last event that is durable here; a new connection begins a few seconds before it, so that events which Jetstream
 * gives out slightly out of order are not missed (what comes twice is recognised by its id). Deletes of posts, and
 * deleted or taken down accounts, go on to the stage as removals.
 *
 * Rejected: com.atproto.sync.subscribeRepos (ten times the bytes, as CBOR with proofs that we would not check), and
 * Jetstream's zstd option (its dictionary is not in zlib; posts alone are about 50 KB/s).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { cleanText } from '../../core/text.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Removal, Source } from '../source.ts';
import { POSTS, readJetstreamEvent } from './bluesky_event.ts';
import { createInbox } from './inbox.ts';
import { createPostFilter, postFilterSettings, type PostFilter } from './post_filter.ts';
import { createRecentMessages, type RecentMessages } from './recent_messages.ts';
import { CONNECTION_BACKOFF, repeat } from './repeat.ts';

const settings = z.object({
  url: z
    .url({ protocol: /^wss?$/ })
    .default('wss://jetstream2.us-east.bsky.network/subscribe')
    .describe('Address of a Jetstream instance; cursors are times, so another instance may take over.'),
  ...postFilterSettings,
  rewind_secs: z.number().int().min(0).max(3600).default(5).describe('How far before its cursor a connection begins.'),
  max_message_bytes: z.number().int().min(1000).max(10_000_000).default(200_000).describe('Largest message taken.'),
  silence_ms: z
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('After this long without a message a ping is sent; as long again without an answer ends the connection.'),
});

type BlueskySettings = z.output<typeof settings>;

interface JetstreamCursor {
  readonly time_us: number;
}

/** About a minute of the whole network while the stream has no room: some 5 MB. */
const MAX_WAITING = 5000;
const MAX_REMEMBERED = 10_000;

export const blueskySource = defineComponent({
  name: 'bluesky',
  summary: 'Listens to public Bluesky posts by Jetstream (web socket, no key), with cursor, filters and deletes.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.url);
    const isWanted = createPostFilter(chosen);
    const recent = createRecentMessages(MAX_REMEMBERED);
    return {
      endless: true,
      condition: () => condition.read(),
      run: (emit) =>
        repeat(context, condition, CONNECTION_BACKOFF, (connected) =>
          listenOnce(chosen, context, { isWanted, recent, emit }, connected),
        ),
    };
  },
});

interface Parts {
  readonly isWanted: PostFilter;
  readonly recent: RecentMessages;
  readonly emit: Emit;
}

/** One connection, until it ends: then it throws why, after what had come is durable. */
async function listenOnce(
  chosen: BlueskySettings,
  context: Context,
  parts: Parts,
  connected: () => void,
): Promise<never> {
  const cursors = context.state.table<JetstreamCursor>('ingest_jetstream');
  // From the first moment on there is a cursor, so that a crash before the first batch loses nothing either.
  const start = cursors.get(context.name) ?? { time_us: context.clock.now() * 1000 };
  await cursors.put(context.name, start);
  const inbox = createInbox<string>(MAX_WAITING);
  const failed = new AbortController();
  const stored = storeBatches(start.time_us, inbox.batches(), context, parts).catch((error: unknown) => {
    failed.abort(error);
    throw error;
  });
  stored.catch(() => undefined);
  try {
    return await context.http.listen(addressFrom(chosen, start.time_us), {
      maxMessageBytes: chosen.max_message_bytes,
      silenceMs: chosen.silence_ms,
      signal: AbortSignal.any([context.signal, failed.signal]),
      onOpen: connected,
      onMessage: (message) => {
        if (!parts.recent.has(message)) inbox.push(message);
      },
    });
  } finally {
    inbox.close();
    if (!context.signal.aborted) await stored;
  }
}

async function storeBatches(
  startUs: number,
  batches: AsyncIterable<readonly string[]>,
  context: Context,
  { isWanted, recent, emit }: Parts,
): Promise<void> {
  const cursors = context.state.table<JetstreamCursor>('ingest_jetstream');
  let cursor = startUs;
  for await (const messages of batches) {
    context.signal.throwIfAborted();
    const items: RawItem[] = [];
    const removed: Removal[] = [];
    const refused: Refusal[] = [];
    const skipped = { filtered: 0, untitled: 0 };
    let newest = cursor;
    for (const message of messages) {
      const event = readJetstreamEvent(message);
      if (typeof event === 'string') {
        refused.push({ code: 'input.invalid', reason: `A message of Jetstream: ${event}`, value: message });
        continue;
      }
      newest = Math.max(newest, event.timeUs);
      if (event.removal !== undefined) removed.push(event.removal);
      if (event.post === undefined) continue;
      const { item, languages } = event.post;
      // Nothing but a picture: there are many of them, and none is a fault.
      if (cleanText(item.text) === '') skipped.untitled += 1;
      else if (isWanted(item.text, languages)) items.push(item);
      else skipped.filtered += 1;
    }
    if (items.length + removed.length + refused.length > 0) await emit(items, { refused, removed });
    for (const [reason, count] of Object.entries(skipped))
      if (count > 0) context.metrics.stage('ingest').skipped(reason, count);
    // No event is later than now: a wrong time must not carry the cursor past what is still to come.
    cursor = Math.max(cursor, Math.min(newest, context.clock.now() * 1000));
    await cursors.put(context.name, { time_us: cursor });
    recent.add(messages);
  }
}

function addressFrom({ url, rewind_secs, max_message_bytes }: BlueskySettings, cursorUs: number): string {
  const address = new URL(url);
  address.searchParams.set('wantedCollections', POSTS);
  address.searchParams.set('cursor', String(cursorUs - rewind_secs * 1_000_000));
  address.searchParams.set('maxMessageSizeBytes', String(max_message_bytes));
  return address.href;
}
