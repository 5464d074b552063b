/**
 * Learning: what to label next, what waits for a review, what may be learned, which models there are and where a candidate
 * differs. What knows models is not here: whoever serves the page gives it (services.ts).
 */
import { z } from 'zod';
import { authorSchema } from '../core/action.ts';
import { TidewatchError } from '../core/errors.ts';
import { reviewRequestSchema } from '../core/feedback_review.ts';
import { absent } from './alert_api.ts';
import {
  differencesAnswer,
  heldAnswer,
  lessonsAnswer,
  modelsAnswer,
  queueAnswer,
  reviewWritten,
  servedAnswer,
} from './answers/learning.ts';
import type { Answer } from './contract.ts';
import { flag, limit } from './questions.ts';
import { defineRoute } from './route.ts';
import { keepReview, readTrusted, type Trusted } from './trusted_queries.ts';
import type { ApiServices } from './services.ts';

const MOST_HELD = 500;
const LESSONS_PAGE = 200;
const id = z.string().min(1).max(64);
const model = z.string().min(1).max(200);

/** What this process knows of models; null where it has none (services.ts). */
export interface Learning {
  /** Ids to label next, with why. @throws TidewatchError storage.* */
  next(
    author: string,
    count: number,
  ): Promise<readonly (Omit<Answer<typeof queueAnswer>['queue'][number], 'document'> & { readonly id: string })[]>;
  models(): Promise<Answer<typeof modelsAnswer>>;
  /** The model that labels: what it says of itself, and how far today is from what it was measured on. */
  served(): Promise<Answer<typeof servedAnswer>>;
  /** Null where nothing was read in shadow yet; by the candidate in shadow where none is named. */
  differences(candidate: string | null): Promise<Answer<typeof differencesAnswer> | null>;
}

function learningOf({ learning }: ApiServices): Learning {
  if (learning !== null && learning !== undefined) return learning;
  throw new TidewatchError('model.missing', 'This process knows no models.');
}

const trusted = ({ share, store }: ApiServices): Promise<Trusted> => share('trusted', () => readTrusted(store));

const labelQueue = defineRoute({
  method: 'get',
  path: '/learning/queue',
  role: 'analyst',
  subject: 'Learning',
  summary: 'Documents that a person should label next',
  problems: [501],
  description:
    'Chosen by uncertainty, disagreement, drift and unlikeness to one another; one in eight is drawn at random, one in ten ' +
    'was labelled by somebody else. What this person has labelled is not asked again.',
  query: z.strictObject({
    author: authorSchema.describe('Who labels; the name of a token stands in its place, where the token has one.'),
    limit: limit(20, 50),
  }),
  response: queueAnswer,
  async handler({ query: { author, limit: most }, actor }, services) {
    const chosen = await learningOf(services).next(actor.isNamed ? actor.name : author, most);
    const documents = await Promise.all(chosen.map((one) => services.queries.document(one.id)));
    return {
      queue: chosen.flatMap(({ reasons, value }, index) => {
        const document = documents[index];
        if (document === null || document === undefined) return [];
        const { event: _, ...row } = document;
        return [{ document: { ...row, text: row.text.slice(0, 600) }, reasons, value }];
      }),
    };
  },
});

const heldFeedback = defineRoute({
  method: 'get',
  path: '/learning/held',
  role: 'analyst',
  subject: 'Learning',
  summary: 'Corrections that wait for a colleague, with why, newest first; and how far each person is relied on',
  query: z.strictObject({ rejected: flag }),
  response: heldAnswer,
  async handler({ query: { rejected } }, services) {
    const { held, analysts, documents } = await trusted(services);
    const shown = held.filter(({ reason }) => rejected === 'true' || reason !== 'rejected');
    return {
      held: shown.slice(0, MOST_HELD).flatMap(({ vote, reason }) => {
        const { id: own, at, author, kind, value, model_value, target } = vote;
        const document = documents.get(target);
        if (kind === 'verdict' || document === undefined) return [];
        const title = document.title === '' ? document.text.slice(0, 200) : document.title;
        const { language } = document;
        return [{ id: own, at, author, kind, value, model_value, document_id: target, title, language, reason }];
      }),
      waiting: held.filter(({ reason }) => reason !== 'rejected').length,
      analysts,
    };
  },
});

const reviewFeedback = defineRoute({
  method: 'post',
  path: '/learning/held/{id}/review',
  role: 'analyst',
  subject: 'Learning',
  summary: 'Release a held correction, or reject it; not one of your own',
  params: z.strictObject({ id }),
  body: reviewRequestSchema,
  signed: true,
  response: reviewWritten,
  status: 201,
  problems: [404],
  target: ({ params }) => params.id,
  async handler({ params, body }, { store, feedback, via, clock }) {
    const row = (await feedback.row(params.id)) ?? absent('feedback');
    return { review: await keepReview(store, row, body, via, clock.now()) };
  },
});

const lessons = defineRoute({
  method: 'get',
  path: '/learning/lessons',
  role: 'analyst',
  subject: 'Learning',
  summary: 'What may be learned: one label a document that people agree on, by document id',
  query: z.strictObject({ after: id.optional().describe('`next` of the page before.') }),
  response: lessonsAnswer,
  async handler({ query: { after } }, services) {
    const { accepted, held, documents } = await trusted(services);
    const byDocument = new Map<string, { sentiment?: string; topic?: string; weight: number }>();
    for (const { target, kind, value, weight } of accepted) {
      const known = byDocument.get(target);
      const own = { ...known, ...(kind === 'verdict' ? {} : { [kind]: value }) };
      byDocument.set(target, { ...own, weight: Math.min(known?.weight ?? 1, weight) });
    }
    const ids = [...byDocument.keys()].toSorted().filter((one) => after === undefined || one > after);
    const page = ids.slice(0, LESSONS_PAGE);
    return {
      lessons: page.flatMap((one) => {
        const [document, said] = [documents.get(one), byDocument.get(one)];
        if (document === undefined || said === undefined || document.text === '') return [];
        const { story, text, language } = document;
        return [{ id: one, story, text, language, ...said }];
      }),
      next: ids.length > page.length ? (page.at(-1) ?? null) : null,
      held: held.filter(({ reason }) => reason !== 'rejected').length,
    };
  },
});

const models = defineRoute({
  method: 'get',
  path: '/learning/models',
  role: 'reader',
  subject: 'Learning',
  summary: 'Models of this installation, what their comparison says, and who changed which labels',
  response: modelsAnswer,
  problems: [501],
  handler: (_, services) => learningOf(services).models(),
});

const servedModel = defineRoute({
  method: 'get',
  path: '/learning/served',
  role: 'reader',
  subject: 'Learning',
  summary: 'The model that labels: its card, its figures, its calibration, and drift since it was measured',
  response: servedAnswer,
  problems: [501],
  // Costs two questions to the store and two files: what is a minute old is as good.
  handler: (_, services) => services.share('served', () => learningOf(services).served(), 60_000),
});

const differences = defineRoute({
  method: 'get',
  path: '/learning/differences',
  role: 'reader',
  subject: 'Learning',
  summary: 'Where the candidate in shadow and the model that labels differ',
  query: z.strictObject({ model: model.optional() }),
  response: differencesAnswer,
  problems: [404, 501],
  async handler({ query }, services) {
    return (await learningOf(services).differences(query.model ?? null)) ?? absent('candidate that has read anything');
  },
});

export const learningRoutes = { labelQueue, heldFeedback, reviewFeedback, lessons, models, servedModel, differences };
