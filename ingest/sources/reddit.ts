/**
 * New posts of subreddits by Reddit's API, with an application's own credentials (OAuth2 client credentials, RFC 6749
 * 4.4). A listing is asked for what is newer than the last post (`before`, a fullname). If that post has since been
 * deleted the listing stays empty for ever, so an empty answer is followed by one without `before`.
 * What was deleted or removed within the last days is found by asking for the known posts once more (api/info): Reddit's
 * terms want it gone.
 * Sources: reddit.com/dev/api, github.com/reddit-archive/reddit/wiki (OAuth2, API: rate-limit headers, user agent).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Removal, Source } from '../source.ts';
import { readListing, type RedditPost } from './reddit_post.ts';
import { createSession, type Session } from './reddit_session.ts';
import { POLL_BACKOFF, repeat } from './repeat.ts';

const settings = z.object({
  client_id: z.string().min(1).describe('Id of your application (reddit.com/prefs/apps, kind "script" or "web app").'),
  secret: z.string().min(1).describe('Its secret; better as secret_file.'),
  contact: z
    .string()
    .regex(/^\/?u\/[\w-]{3,20}$|^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'a Reddit user such as u/name, or an e-mail address')
    .describe('Who runs this: Reddit asks for it in the user agent.'),
  subreddits: z
    .array(z.string().regex(/^\w{2,21}$/, 'a name without r/'))
    .min(1)
    .max(100)
    .describe('Names without r/, such as stocks; asked for together.'),
  every_secs: z.number().int().min(10).max(86_400).default(60).describe('Seconds between two looks.'),
  recheck_hours: z
    .number()
    .min(0)
    .max(168)
    .default(48)
    .describe('How long a post is watched for its deletion; 0: not.'),
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://oauth.reddit.com')
    .describe('Address of the API.'),
  token_url: z
    .url({ protocol: /^https?$/ })
    .default('https://www.reddit.com/api/v1/access_token')
    .describe('Where access tokens are got.'),
});

type RedditSettings = z.output<typeof settings>;

interface RedditCursor {
  /** Fullname of the newest post that is durable; '' before the first. */
  readonly newest: string;
  readonly newest_secs: number;
}

interface WatchedPost {
  readonly created_secs: number;
}

const PAGE = 100;
const MAX_PAGES = 10;
const RECHECK_MS = 3_600_000;
const MAX_WATCHED = 5000;

export const redditSource = defineComponent({
  name: 'reddit',
  summary: 'Reads new posts of subreddits by Reddit’s OAuth API; needs an application’s id and secret.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, `${chosen.url} (${chosen.subreddits.join('+')})`);
    const session = createSession(chosen, context);
    let wasEmpty = false;
    let recheckedAt = 0;
    return {
      endless: true,
      condition: () => condition.read(),
      run: (emit) =>
        repeat(context, condition, POLL_BACKOFF, async () => {
          wasEmpty = (await readNew(chosen, context, session, emit, !wasEmpty)) === 0;
          if (chosen.recheck_hours > 0 && context.clock.now() - recheckedAt > RECHECK_MS) {
            await recheck(chosen, context, session, emit);
            recheckedAt = context.clock.now();
          }
          return Math.max(chosen.every_secs * 1000 * (1 + Math.random() / 10), session.restMs());
        }),
    };
  },
});

/** Reads what is newer than the cursor, oldest pages first; returns how many posts there were. */
async function readNew(
  chosen: RedditSettings,
  context: Context,
  session: Session,
  emit: Emit,
  isAnchored: boolean,
): Promise<number> {
  const cursors = context.state.table<RedditCursor>('ingest_reddit');
  const path = `/r/${chosen.subreddits.join('+')}/new`;
  let cursor = cursors.get(context.name) ?? { newest: '', newest_secs: 0 };
  let count = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const anchor = isAnchored && cursor.newest !== '' ? { before: cursor.newest } : {};
    const { posts, refused } = readListing(await session.get(path, { limit: String(PAGE), ...anchor }));
    const fresh = posts.filter((post) => post.createdSecs >= cursor.newest_secs && post.fullname !== cursor.newest);
    if (fresh.length + refused.length > 0)
      await store(
        fresh,
        context,
        () =>
          emit(
            fresh.map(({ item }) => item),
            { refused },
          ),
        chosen.recheck_hours > 0,
      );
    count += fresh.length;
    const newest = fresh.at(-1);
    if (newest === undefined) break;
    cursor = { newest: newest.fullname, newest_secs: newest.createdSecs };
    await cursors.put(context.name, cursor);
    if (!isAnchored || anchor.before === undefined || posts.length < PAGE) break;
    if (page + 1 === MAX_PAGES)
      context.log.info(`${context.name}: more new posts than ${MAX_PAGES} pages; the rest comes next time`);
  }
  return count;
}

/** Emits, and notes the posts whose deletion is to be looked for. */
async function store(
  posts: readonly RedditPost[],
  context: Context,
  emit: () => Promise<unknown>,
  isWatching: boolean,
): Promise<void> {
  await emit();
  if (!isWatching || posts.length === 0) return;
  const watched = context.state.table<WatchedPost>('ingest_reddit_watched');
  await context.state.transaction(() => {
    for (const { fullname, createdSecs } of posts)
      void watched.put(`${context.name}/${fullname}`, { created_secs: createdSecs });
  });
}

/** Asks for the known posts of the last days by their names, a hundred at a time, and tells of those that are gone. */
async function recheck(chosen: RedditSettings, context: Context, session: Session, emit: Emit): Promise<void> {
  const watched = context.state.table<WatchedPost>('ingest_reddit_watched');
  const mine = [...watched.entries({ from: `${context.name}/`, to: `${context.name}0` })];
  const since = context.clock.now() / 1000 - chosen.recheck_hours * 3600;
  const isOver = ({ value }: (typeof mine)[number], index: number): boolean =>
    value.created_secs < since || index < mine.length - MAX_WATCHED;
  const over = new Set(mine.filter(isOver));
  const gone = new Set<string>();
  const live = mine.filter((entry) => !over.has(entry)).map(({ key }) => key.slice(context.name.length + 1));
  for (let from = 0; from < live.length; from += PAGE) {
    const asked = live.slice(from, from + PAGE);
    const { removed } = readListing(await session.get('/api/info', { id: asked.join(',') }));
    for (const fullname of removed) gone.add(fullname);
  }
  const removals = [...gone].map((fullname): Removal => ({ guid: fullname, source: 'reddit', reason: 'deleted' }));
  if (removals.length > 0) await emit([] as RawItem[], { removed: removals });
  await context.state.transaction(() => {
    for (const { key } of over) void watched.remove(key);
    for (const fullname of gone) void watched.remove(`${context.name}/${fullname}`);
  });
}
