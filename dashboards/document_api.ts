/**
 * Documents with their labels, and the stories that they tell. Which words carried a label is worked out by the model of
 * this process (explaining.ts).
 */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { languageSchema, sentimentSchema } from '../core/event.ts';
import { modelText } from '../core/text.ts';
import { absent } from './alert_api.ts';
import {
  documentAnswer,
  documentsAnswer,
  explainAnswer,
  opinionsAnswer,
  storyAnswer,
  storyDocumentsAnswer,
} from './answers/opinion.ts';
import { listDocuments } from './document_queries.ts';
import { cursor, id, limit, readCursor, seriesFilter, spanned, spanPlace, storedTime, withId } from './questions.ts';
import type { Place } from './opinion_queries.ts';
import { defineRoute } from './route.ts';

/** More than the model reads, which is about 2,500 characters of English and 800 of Chinese; the rest is not carried along. */
const EXPLAINED_CHARACTERS = 4_000;

const rowPlace = [storedTime, z.string().min(1).max(64)] as const;
const opinionPlace = z.tuple([...spanPlace, ...rowPlace]);

const opinions = defineRoute({
  method: 'get',
  path: '/opinions',
  role: 'reader',
  subject: 'Documents',
  summary: 'Labelled documents of a selection, newest first',
  query: spanned({
    ...seriesFilter,
    source: id.optional(),
    language: languageSchema.optional(),
    sentiment: sentimentSchema.optional(),
    q: z
      .string()
      .max(200)
      .optional()
      .describe('Words to find in title or text, whatever their case, in either writing of Chinese.'),
    cursor: cursor.describe(
      '`next_cursor` of the page before; or `published_at` and `document_id` of a row, a comma between, for what stands behind it.',
    ),
    limit: limit(50, 200),
  }),
  response: opinionsAnswer,
  async handler({ query: { cursor: written, limit: most, ...query }, url }, { queries, share, span }) {
    if (written === undefined) {
      const exact = await span(query);
      return share(url, () => queries.opinions(exact, query, null, most));
    }
    const row = readRow(written);
    if (row !== null) return queries.opinions(await span(query), query, row, most);
    const [from, to, anchor, published_at, document_id] = readCursor(written, 'opinions', opinionPlace);
    return queries.opinions({ from, to, anchor, step: 0 }, query, { published_at, document_id }, most);
  },
});

/** The place of a row that a reader names itself: who let go of the end of a live list has no `next_cursor` behind the rest. */
function readRow(written: string): Place | null {
  const [, ...parts] = /^([^,]*),(.*)$/s.exec(written) ?? [];
  const { data } = z.tuple(rowPlace).safeParse(parts);
  return data === undefined ? null : { published_at: data[0], document_id: data[1] };
}

const documents = defineRoute({
  method: 'get',
  path: '/documents',
  role: 'reader',
  subject: 'Documents',
  summary: 'Documents as they were taken in, labelled or not, newest first',
  query: spanned({
    entity: id.optional(),
    source: id.optional(),
    feed: id.optional(),
    story: id.optional(),
    language: languageSchema.optional(),
    cursor,
    limit: limit(50, 200),
  }),
  response: documentsAnswer,
  async handler({ query: { cursor: written, limit: most, ...query } }, { store, span }) {
    if (written === undefined) return listDocuments(store, await span(query), query, null, most);
    const [from, to, anchor, published_at, last] = readCursor(written, 'documents', opinionPlace);
    return listDocuments(store, { from, to, anchor, step: 0 }, query, { published_at, id: last }, most);
  },
});

const document = defineRoute({
  method: 'get',
  path: '/documents/{id}',
  role: 'reader',
  subject: 'Documents',
  summary: 'One document with its whole text and newest labels',
  params: withId,
  response: documentAnswer,
  problems: [404],
  async handler({ params }, { queries }) {
    return (await queries.document(params.id)) ?? absent('document');
  },
});

const explainDocument = defineRoute({
  method: 'get',
  path: '/documents/{id}/explain',
  role: 'reader',
  subject: 'Documents',
  summary: 'Which words carried the sentiment of a document',
  description: 'Worked out by the model of this process when asked: some 64 variants of the text are labelled.',
  params: withId,
  response: explainAnswer,
  problems: [404],
  async handler({ params }, { queries, explain }) {
    const found = (await queries.document(params.id)) ?? absent('document');
    if (explain === null) {
      throw new TidewatchError('model.missing', 'This process does not label, so it has no model to ask.', {
        hint: 'Ask a process with the role classifier, or run: tidewatch classify --explain',
      });
    }
    return explain(modelText(found.title, found.text).slice(0, EXPLAINED_CHARACTERS));
  },
});

const story = defineRoute({
  method: 'get',
  path: '/stories/{id}',
  role: 'reader',
  subject: 'Documents',
  summary: 'Size, first source and score of a story',
  params: withId,
  response: storyAnswer,
  problems: [404],
  async handler({ params }, { queries }) {
    return (await queries.story(params.id)) ?? absent('story');
  },
});

const storyDocuments = defineRoute({
  method: 'get',
  path: '/stories/{id}/documents',
  role: 'reader',
  subject: 'Documents',
  summary: 'The first documents of a story, oldest first',
  params: withId,
  response: storyDocumentsAnswer,
  problems: [404],
  async handler({ params }, { queries }) {
    const documents = await queries.storyDocuments(params.id);
    return documents.length === 0 ? absent('story') : { documents };
  },
});

export const documentRoutes = { opinions, documents, document, explainDocument, story, storyDocuments };
