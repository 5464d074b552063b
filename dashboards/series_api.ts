/** Counts over time: the tide of a selection, and the table of entities or topics. */
import { z } from 'zod';
import { TidewatchError } from '../core/errors.ts';
import { seriesAnswer, timelineAnswer } from './answers/series.ts';
import { limit, seriesFilter, spanned, whole } from './questions.ts';
import { defineRoute } from './route.ts';

const MOST_BUCKETS = 2_000;

const series = defineRoute({
  method: 'get',
  path: '/series',
  role: 'reader',
  subject: 'Series',
  summary: 'Entities or topics with their volume, negative share, the span before and alerts',
  query: spanned({ kind: z.enum(['entity', 'topic']), ...seriesFilter, limit: limit(100, 500) }),
  response: seriesAnswer,
  async handler({ query, url }, { queries, share, span }) {
    const exact = await span(query);
    return share(url, () => queries.series(query.kind, exact, query, query.limit));
  },
});

const timeline = defineRoute({
  method: 'get',
  path: '/timeline',
  role: 'reader',
  subject: 'Series',
  summary: 'Counts of a selection in equal steps of time',
  query: spanned({
    ...seriesFilter,
    step_secs: whole(60, 7 * 86_400)
      .optional()
      .describe(
        'Length of a step; what gives about 90 where absent. The span is the same either way: the last step may be shorter.',
      ),
  }),
  response: timelineAnswer,
  async handler({ query, url }, { queries, share, span }) {
    const exact = await span(query, query.step_secs);
    const buckets = Math.ceil((exact.to - exact.from) / exact.step);
    if (buckets > MOST_BUCKETS) {
      const message = `step_secs: gives ${buckets} buckets; at most ${MOST_BUCKETS} are answered.`;
      throw new TidewatchError('input.invalid', message);
    }
    return share(url, () => queries.timeline(exact, query));
  },
});

export const seriesRoutes = { series, timeline };
