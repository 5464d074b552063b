/** "For you" as routes of the API: the list, what was done with it, on and off, and forgetting it all. */
import { z } from 'zod';
import { authorSchema } from '../../core/action.ts';
import { stableId } from '../../core/event.ts';
import { newReading } from '../../core/reading.ts';
import type { Store } from '../../core/store/store.ts';
import { forYouAnswer, readingWritten } from '../answers/for_you.ts';
import { limit } from '../questions.ts';
import { defineRoute } from '../route.ts';
import { spanAnswer } from '../span.ts';
import { FEATURES } from './features.ts';
import { readForYou } from './for_you.ts';

const SPAN_SECS = 3 * 86_400;
const id = z.string().min(1).max(64);
const MOST_SHOWN = 50;

const forYou = defineRoute({
  method: 'get',
  path: '/for-you',
  role: 'reader',
  subject: 'For you',
  summary: 'Stories of the last three days, ranked by what this person opened, corrected and dismissed',
  description:
    'A token with a name is that person. Before the first click the order follows the watchlist, alerts, freshness and spread. One place is drawn by chance.',
  query: z.strictObject({ author: authorSchema, limit: limit(12, MOST_SHOWN) }),
  response: forYouAnswer,
  async handler({ query, actor }, { store, queries, span }) {
    const author = actor.isNamed ? actor.name : query.author;
    const exact = await span({ last_secs: SPAN_SECS });
    const { alerts } = await queries.alerts(exact, { state: 'firing' }, 100);
    const firing = new Set(alerts.flatMap(({ series }) => series.entity ?? []));
    const { enabled, lessons, picked } = await readForYou(store, author, { span: exact, firing, limit: query.limit });
    const rows = new Map(
      (await queries.listed(picked.map(({ candidate }) => candidate))).map((row) => [row.document_id, row]),
    );
    const stories = picked.flatMap(({ candidate, why, features, ...rest }, place) => {
      const opinion = rows.get(candidate.document_id);
      const { documents, sources } = candidate;
      return opinion === undefined
        ? []
        : [{ opinion, documents, sources, why: [...why], place, features: [...features], ...rest }];
    });
    return { ...spanAnswer(exact), enabled, lessons, stories };
  },
});

const reading = z.discriminatedUnion('kind', [
  z.strictObject({ author: authorSchema, kind: z.enum(['open', 'dismiss']), document_id: id, story: id }),
  z.strictObject({
    author: authorSchema,
    kind: z.literal('shown'),
    stories: z
      .array(
        z.strictObject({
          document_id: id,
          story: id,
          place: z.int().min(0).max(500),
          propensity: z.number().min(0).max(1),
          features: z.array(z.number().min(-2).max(2)).length(FEATURES.length),
        }),
      )
      .min(1)
      .max(MOST_SHOWN),
  }),
  z.strictObject({ author: authorSchema, kind: z.enum(['on', 'off']) }),
]);

const noteReading = defineRoute({
  method: 'post',
  path: '/for-you/reading',
  role: 'reader',
  subject: 'For you',
  summary: 'Say what was shown, opened or dismissed, or turn the ranking on or off',
  description: 'Nothing but on and off is kept while it is off.',
  body: reading,
  signed: true,
  response: readingWritten,
  status: 201,
  // What was read is the person's own: forgetting promises that it stands nowhere, and the audit log forgets nothing.
  target: ({ body: { kind } }) => (isSetting(kind) ? kind : null),
  async handler({ body }, { store, clock }) {
    const now = clock.now();
    const { author, kind } = body;
    if (!isSetting(kind) && !(await isOn(store, author))) return { kept: 0 };
    const rows =
      body.kind === 'shown'
        ? body.stories.map((one) => newReading('shown', author, now, one))
        : [newReading(kind, author, now, isSetting(kind) ? {} : (body as { document_id: string; story: string }))];
    await store.insert('reading', rows, stableId('reading', ...rows.map((row) => row.id)));
    return { kept: rows.length };
  },
});

const forgetReading = defineRoute({
  method: 'post',
  path: '/for-you/forget',
  role: 'reader',
  subject: 'For you',
  summary: 'Forget everything that was kept of what this person was shown, opened and dismissed',
  body: z.strictObject({ author: authorSchema }),
  signed: true,
  response: readingWritten,
  target: () => 'reading',
  async handler({ body: { author } }, { store, clock }) {
    const wasOn = await isOn(store, author);
    await store.command('ALTER TABLE reading DELETE WHERE author = {author:String}', { author });
    if (wasOn) return { kept: 0 };
    // Who turned it off did not ask for it to come on again.
    const row = newReading('off', author, clock.now());
    await store.insert('reading', [row], row.id);
    return { kept: 1 };
  },
});

function isSetting(kind: z.output<typeof reading>['kind']): boolean {
  return kind === 'on' || kind === 'off';
}

async function isOn(store: Store, author: string): Promise<boolean> {
  const [row] = await store.query<{ kind: string }>(
    `SELECT kind FROM reading WHERE author = {author:String} AND kind IN ('on', 'off') ORDER BY at DESC, id DESC LIMIT 1`,
    { author },
  );
  return row?.kind !== 'off';
}

export const forYouRoutes = { forYou, noteReading, forgetReading };
