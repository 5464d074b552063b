/**
 * Forms of the answers about series. These files (dashboards/answers/) are the one place where an answer's form is said:
 * the OpenAPI document, the types of the page (contract.ts) and of the client derive from them. Answers are not checked
 * against them while serving (the server builds them from typed rows); the tests of the API do that.
 * Times are ISO 8601 in UTC; shares and probabilities are in [0, 1].
 */
import { z } from 'zod';

export const time = z.iso.datetime({ precision: 3 });
export const share = z.number().min(0).max(1);
export const count = z.int().min(0);

export const nextCursor = z
  .string()
  .nullable()
  .describe('Give it back as `cursor` for the next page; null on the last.');

export const names = z
  .object({ en: z.string(), zh: z.string() })
  .meta({ id: 'Names', description: 'A display name in both languages of the interface.' });

export const counts = z.object({ documents: count, negative: count, neutral: count, positive: count });

/** The time that an answer covers. */
export const spanFields = {
  from: time.describe('Start of the time covered, inclusive.'),
  to: time.describe('End of the time covered, exclusive.'),
  anchor: z
    .enum(['now', 'newest', 'given'])
    .describe('newest: nothing was published lately, so the span ends at the newest document instead of now.'),
};

export const span = z.object(spanFields);

export const previous = z
  .object({
    documents: count,
    negative_share: share.nullable().describe('Null where there are no documents.'),
  })
  .describe('The span of equal length just before.');

export const seriesRow = counts
  .extend({
    id: z.string(),
    name: names,
    negative_share: share,
    previous,
    sparkline: z
      .object({ documents: z.array(count), negative: z.array(count) })
      .describe('Documents and negative documents in equal parts of the span (to the hour), oldest first.'),
    firing: count.describe('Alerts of this series that are firing now.'),
  })
  .meta({ id: 'SeriesRow' });

export const seriesAnswer = span
  .extend({ kind: z.enum(['entity', 'topic']), series: z.array(seriesRow) })
  .meta({ id: 'SeriesAnswer' });

export const timelineBucket = counts
  .extend({
    at: time.describe('Start of the bucket.'),
    probability_sums: z.object({
      negative: z.number().min(0),
      neutral: z.number().min(0),
      positive: z.number().min(0),
    }),
    usual: z
      .object({ share, low: share, high: share })
      .nullable()
      .describe(
        'The negative share that is usual here and where 95% of steps like this lie, by the past alone, for a line that ' +
          'weighs a step with its neighbours by 0.2, 0.6, 1, 0.6, 0.2. Null where too few documents support either.',
      ),
  })
  .meta({ id: 'TimelineBucket' });

export const timelineAnswer = span
  .extend({
    step_secs: z.int().min(1),
    buckets: z.array(timelineBucket),
    totals: counts,
    previous,
  })
  .meta({ id: 'TimelineAnswer' });
