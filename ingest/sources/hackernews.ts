/**
 * Stories and comments of Hacker News by Algolia's search, which the site itself uses: one request brings everything
 * newer than a moment, filtered by words, where the Firebase API would be a request an item. A question has 1,000 hits at
 * most, over all its pages, though it counts them all: so what is older is asked for by its time, not by its page.
 * Source: hn.algolia.com/api (search_by_date, numericFilters, hitsPerPage; 10,000 requests an hour an address), and
 * Algolia's paginationLimitedTo. Deleted items are not told of.
 */
import { z } from 'zod';
import { defineComponent, type Context } from '../../core/component.ts';
import { isoTime } from '../../core/event.ts';
import { createConditionKeeper } from '../condition.ts';
import type { Emit, RawItem, Refusal, Source } from '../source.ts';
import { askJson } from './ask.ts';
import { POLL_BACKOFF, repeat } from './repeat.ts';

const settings = z.object({
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://hn.algolia.com/api/v1')
    .describe('Address of the search API.'),
  query: z.string().max(200).default('').describe('Words that an item must have, such as a company; empty: all items.'),
  comments: z.boolean().default(true).describe('Comments too, not only stories.'),
  every_secs: z.number().int().min(10).max(86_400).default(60).describe('Seconds between two requests.'),
  first_hours: z.number().min(0).max(8784).default(1).describe('How far back the first request goes.'),
});

type HackerNewsSettings = z.output<typeof settings>;

interface HackerNewsCursor {
  /** Epoch seconds of the newest item that is durable. */
  readonly newest_secs: number;
}

/** Items are found some time after they were written: each request looks back this far once more. */
const OVERLAP_SECS = 180;
/** Hits that a question has at most. */
const MOST_HITS = 1000;
const MOST_QUESTIONS = 5;
const GAP_MS = 500;

const hitSchema = z.object({
  objectID: z.string().regex(/^\d{1,15}$/),
  created_at_i: z.number().int().positive(),
  author: z.string().catch(''),
  title: z.string().nullish().catch(null),
  url: z.string().nullish().catch(null),
  story_text: z.string().nullish().catch(null),
  comment_text: z.string().nullish().catch(null),
});
const answerSchema = z.object({
  hits: z.array(z.unknown()),
  /** Of all that match, also beyond those that can be had. */
  nbHits: z.number().int().min(0),
});

export const hackernewsSource = defineComponent({
  name: 'hackernews',
  summary: 'Reads new stories and comments of Hacker News by its public search API; no key.',
  settings,
  create: (chosen, context): Source => {
    const condition = createConditionKeeper(context, chosen.url);
    return {
      endless: true,
      condition: () => condition.read(),
      async run(emit) {
        const known = new Set<string>();
        await repeat(context, condition, POLL_BACKOFF, () => readNew(chosen, context, known, emit));
      },
    };
  },
});

/**
 * Reads what is new, back from the newest; returns milliseconds until the next time. `known` holds what the last time
 * brought, so that what is looked at once more does not go through the stage once more.
 */
async function readNew(chosen: HackerNewsSettings, context: Context, known: Set<string>, emit: Emit): Promise<number> {
  const cursors = context.state.table<HackerNewsCursor>('ingest_hackernews');
  const now = Math.floor(context.clock.now() / 1000);
  const since = cursors.get(context.name)?.newest_secs ?? now - Math.round(chosen.first_hours * 3600);
  await cursors.put(context.name, { newest_secs: since });
  const items = new Map<string, RawItem>();
  const refused: Refusal[] = [];
  let newest = since;
  let until = Infinity;
  for (let questions = 1; ; questions += 1) {
    const question = {
      url: addressOf(chosen, since - OVERLAP_SECS, until),
      gapMs: GAP_MS,
      forbiddenHint: 'It refuses this address; ask less often (every_secs).',
    };
    const { answer } = await askJson(context, question, answerSchema);
    let oldest = until;
    for (const value of answer.hits) {
      const hit = hitSchema.safeParse(value);
      if (hit.success) {
        newest = Math.max(newest, hit.data.created_at_i);
        oldest = Math.min(oldest, hit.data.created_at_i);
        items.set(hit.data.objectID, itemOf(hit.data));
      } else {
        refused.push({
          code: 'input.invalid',
          reason: `A hit of Hacker News has no usable ${hit.error.issues[0]?.path.join('.') ?? 'form'}.`,
          value,
        });
      }
    }
    const beyond = answer.nbHits - answer.hits.length;
    if (beyond <= 0) break;
    // Where one second alone is more than a question brings, nothing older can be asked for.
    if (questions === MOST_QUESTIONS || oldest + 1 >= until) {
      context.metrics.stage('ingest').skipped('backlog', beyond);
      context.log.warn(`${context.name}: ${beyond} items since the last request, the oldest of them, are left out`);
      break;
    }
    // The oldest second once more, which the limit may have cut through.
    until = oldest + 1;
  }
  const fresh = [...items.values()].filter(({ guid = '' }) => !known.has(guid));
  if (fresh.length + refused.length > 0) await emit(fresh.toReversed(), { refused });
  known.clear();
  for (const guid of items.keys()) known.add(guid);
  await cursors.put(context.name, { newest_secs: Math.min(newest, now) });
  return chosen.every_secs * 1000 * (1 + Math.random() / 10);
}

/** Newer than `since` and older than `until`, in epoch seconds. */
function addressOf({ url, query, comments }: HackerNewsSettings, since: number, until: number): string {
  const address = new URL(`${url.replace(/\/$/, '')}/search_by_date`);
  address.searchParams.set('tags', comments ? '(story,comment)' : 'story');
  if (query !== '') address.searchParams.set('query', query);
  const before = until === Infinity ? '' : `,created_at_i<${until}`;
  address.searchParams.set('numericFilters', `created_at_i>${since}${before}`);
  address.searchParams.set('hitsPerPage', String(MOST_HITS));
  return address.href;
}

function itemOf({
  objectID,
  created_at_i,
  author,
  title,
  url,
  story_text,
  comment_text,
}: z.output<typeof hitSchema>): RawItem {
  const text = comment_text ?? story_text ?? '';
  return {
    guid: objectID,
    url: url ?? `https://news.ycombinator.com/item?id=${objectID}`,
    // A comment's text is HTML; so is a story's. The title of a comment's story is not what the comment says.
    ...(title == null || title === '' ? {} : { title }),
    text,
    html: true,
    author,
    published_at: isoTime(created_at_i * 1000),
    source: 'hackernews',
    source_class: 'social',
  };
}
