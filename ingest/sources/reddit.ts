/**
 * New posts of subreddits by Reddit's API, with an application's own credentials (OAuth2 client credentials, RFC 6749
 * 4.4). A listing is asked for what is newer than the last post (`before`, a fullname). If that post has since been
 * deleted the listing stays empty for ever, so an empty answer is followed by reading back from the newest post (`after`).
 * What was deleted or removed within the last days is found by asking for the known posts once more (api/info): Reddit's
 * terms want it gone.
 * Sources: reddit.com/dev/api, github.com/reddit-archive/reddit/wiki (OAuth2, API: rate-limit headers, user agent).
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Removal, Source } from '../source.ts';
import { readListing, type RedditListing, type RedditPost } from './reddit_post.ts';
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

const CURSORS = 'ingest_reddit';
const PAGE = 100;
/** A listing ends after about 1,000 posts. */
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
          wasEmpty = (await readNew({ chosen, context, session, emit }, !wasEmpty)) === 0;
          if (chosen.recheck_hours > 0 && context.clock.now() - recheckedAt > RECHECK_MS) {
            await recheck(chosen, context, session, emit);
            recheckedAt = context.clock.now();
          }
          return Math.max(chosen.every_secs * 1000 * (1 + Math.random() / 10), session.restMs());
        }),
    };
  },
});

interface Reading {
  readonly chosen: RedditSettings;
  readonly context: Context;
  readonly session: Session;
  readonly emit: Emit;
}

/** Reads what is newer than the cursor; returns how many posts there were. */
async function readNew(reading: Reading, isAnchored: boolean): Promise<number> {
  const { context } = reading;
  const cursor = context.state.table<RedditCursor>(CURSORS).get(context.name) ?? { newest: '', newest_secs: 0 };
  return isAnchored && cursor.newest !== '' ? readForward(reading, cursor) : readBack(reading, cursor);
}

/** From the cursor's post on, page after page, the oldest first. */
async function readForward(reading: Reading, from: RedditCursor): Promise<number> {
  const { context } = reading;
  let cursor = from;
  let count = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const { posts, refused } = await pageOf(reading, { before: cursor.newest });
    const fresh = posts.filter((post) => isFresh(post, cursor));
    await store(reading, fresh, refused);
    count += fresh.length;
    const newest = fresh.at(-1);
    if (newest === undefined || posts.length < PAGE) return count;
    cursor = { newest: newest.fullname, newest_secs: newest.createdSecs };
  }
  context.log.info(`${context.name}: more new posts than ${MAX_PAGES} pages; the rest comes next time`);
  return count;
}

/** From the newest post back to where the cursor stands, then the oldest first; the first time, one page. */
async function readBack(reading: Reading, cursor: RedditCursor): Promise<number> {
  const { context } = reading;
  const found: RedditPost[] = [];
  const allRefused: Refusal[] = [];
  let from: Record<string, string> = {};
  for (let page = 1; ; page += 1) {
    const { posts, refused, after } = await pageOf(reading, from);
    found.unshift(...posts);
    allRefused.push(...refused);
    const isMet = posts.some((post) => !isFresh(post, cursor));
    if (isMet || cursor.newest === '') break;
    if (page === MAX_PAGES) {
      context.metrics.stage('ingest').skipped('backlog');
      context.log.warn(
        `${context.name}: more new posts than the ${MAX_PAGES * PAGE} that can be had; older ones are left out`,
      );
      break;
    }
    if (after === null) break;
    from = { after };
  }
  const fresh = found.filter((post) => isFresh(post, cursor));
  await store(reading, fresh, allRefused);
  return fresh.length;
}

async function pageOf({ chosen, session }: Reading, from: Record<string, string>): Promise<RedditListing> {
  return readListing(await session.get(`/r/${chosen.subreddits.join('+')}/new`, { limit: String(PAGE), ...from }));
}

function isFresh({ fullname, createdSecs }: RedditPost, { newest, newest_secs }: RedditCursor): boolean {
  return createdSecs >= newest_secs && fullname !== newest;
}

/** Emits, notes the posts whose deletion is to be looked for, and moves the cursor to the last of them. */
async function store(
  { chosen, context, emit }: Reading,
  posts: readonly RedditPost[],
  refused: readonly Refusal[],
): Promise<void> {
  if (posts.length + refused.length > 0)
    await emit(
      posts.map(({ item }) => item),
      { refused },
    );
  const newest = posts.at(-1);
  if (newest === undefined) return;
  if (chosen.recheck_hours > 0) {
    const watched = context.state.table<WatchedPost>('ingest_reddit_watched');
    await context.state.transaction(() => {
      for (const { fullname, createdSecs } of posts)
        void watched.put(`${context.name}/${fullname}`, { created_secs: createdSecs });
    });
  }
  const cursor = { newest: newest.fullname, newest_secs: newest.createdSecs };
  await context.state.table<RedditCursor>(CURSORS).put(context.name, cursor);
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
