/** Search, and documents like one, as routes of the API. */
import { z } from 'zod';
import { languageSchema, sentimentSchema } from '../../core/event.ts';
import { absent } from '../alert_api.ts';
import { searchAnswer } from '../answers/search.ts';
import type { Answer } from '../contract.ts';
import { id, limit, seriesFilter, spanned } from '../questions.ts';
import { defineRoute } from '../route.ts';
import type { ApiServices } from '../services.ts';
import { spanAnswer, type ExactSpan } from '../span.ts';
import type { Found } from './search.ts';

const filters = {
  ...seriesFilter,
  language: languageSchema.optional(),
  sentiment: sentimentSchema.optional(),
  limit: limit(20, 100),
};

const search = defineRoute({
  method: 'get',
  path: '/search',
  role: 'reader',
  subject: 'Search',
  summary: 'Documents found by words and by meaning, best first',
  description:
    'English and Chinese together: words by BM25 (Chinese by pairs of signs), meaning by the nearest embeddings of the model, and what names the same watched entity; fused by rank.',
  query: spanned({
    ...filters,
    q: z.string().trim().min(1).max(400).describe('What to look for, in English or Chinese.'),
    by: z.enum(['both', 'words', 'meaning']).default('both'),
  }),
  response: searchAnswer,
  async handler({ query: { q, by, limit: most, ...filter } }, services) {
    const span = await services.span(filter);
    const found = await services.searching.search(q, { ...filter, span }, by);
    return written(found, most, span, services);
  },
});

const similarDocuments = defineRoute({
  method: 'get',
  path: '/documents/{id}/similar',
  role: 'reader',
  subject: 'Search',
  summary: 'Documents that say something like this one, in either language, of other stories',
  params: z.strictObject({ id }),
  query: spanned(filters),
  response: searchAnswer,
  problems: [404],
  async handler({ params, query: { limit: most, ...filter } }, services) {
    const own = (await services.queries.document(params.id)) ?? absent('document');
    const span = await services.span(filter);
    const found = await services.searching.similar(params.id, own.story, { ...filter, span });
    const none: Found = { hits: [], meaning: 'unavailable', entities: [], language: own.language };
    return written(found ?? none, most, span, services);
  },
});

export async function written(
  found: Found,
  most: number,
  span: ExactSpan,
  { queries, names }: Pick<ApiServices, 'queries' | 'names'>,
): Promise<Answer<typeof searchAnswer>> {
  const best = found.hits.slice(0, most);
  const rows = new Map((await queries.listed(best)).map((row) => [row.document_id, row]));
  const hits = best.flatMap(({ document_id, score, by, likeness, copies }) => {
    const opinion = rows.get(document_id);
    return opinion === undefined ? [] : [{ opinion, score, by, likeness, copies }];
  });
  const entities = found.entities.map((entity) => ({ id: entity, name: names(entity) }));
  return {
    ...spanAnswer(span),
    hits,
    total: found.hits.length,
    meaning: found.meaning,
    entities,
    language: found.language,
  };
}

export const searchRoutes = { search, similarDocuments };
