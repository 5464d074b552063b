/**
 * Counts over time: the tide of a selection, and the table of entities or topics. One pass over the span and the equal
 * span before it (slot -1), over narrow columns only.
 */
import { isoTime } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';
import { opinionConditions, moment, within, type SeriesFilter } from './conditions.ts';
import type { Names, SeriesAnswer, SeriesRow, TimelineAnswer, TimelineBucket } from './contract.ts';
import { SPARKLINE_PARTS, spanAnswer, type ExactSpan } from './span.ts';

export interface SeriesQueries {
  timeline(span: ExactSpan, filter: SeriesFilter): Promise<TimelineAnswer>;
  /** The series with most documents. `firing` counts alerts by series id. */
  series(
    kind: 'entity' | 'topic',
    span: ExactSpan,
    filter: SeriesFilter,
    limit: number,
    firing: ReadonlyMap<string, number>,
  ): Promise<SeriesAnswer>;
}

interface StoredBucket {
  slot: number;
  documents: number;
  negatives: number;
  neutrals: number;
  positives: number;
  sum_negative: number;
  sum_neutral: number;
  sum_positive: number;
}

interface StoredSeries {
  id: string;
  documents: number;
  negative: number;
  neutral: number;
  positive: number;
  documents_before: number;
  negative_before: number;
  slots: number[];
  volumes: number[];
  negatives: number[];
}

const SILENCE: Omit<StoredBucket, 'slot'> = {
  documents: 0,
  negatives: 0,
  neutrals: 0,
  positives: 0,
  sum_negative: 0,
  sum_neutral: 0,
  sum_positive: 0,
};

/** `names` gives the display names of a series. */
export function createSeriesQueries(
  store: Store,
  names: (kind: 'entity' | 'topic', id: string) => Names,
): SeriesQueries {
  return {
    async timeline(span, filter) {
      const { sql, params } = opinionConditions(filter);
      const rows = await store.query<StoredBucket>(
        `SELECT ${slot('{step:Int64}')} AS slot, count() AS documents, countIf(sentiment = 'negative') AS negatives,
           countIf(sentiment = 'neutral') AS neutrals, countIf(sentiment = 'positive') AS positives,
           sum(negative) AS sum_negative, sum(neutral) AS sum_neutral, sum(positive) AS sum_positive
         FROM opinions WHERE ${within('before')}${sql} GROUP BY slot`,
        { ...params, ...ends(span), step: span.step },
      );
      const bySlot = new Map(rows.map((row) => [row.slot, row]));
      const buckets: TimelineBucket[] = [];
      const totals = { documents: 0, negative: 0, neutral: 0, positive: 0 };
      for (let index = 0; span.from + index * span.step < span.to; index += 1) {
        const bucket = timelineBucket(span.from + index * span.step, bySlot.get(index) ?? SILENCE);
        for (const key of ['documents', 'negative', 'neutral', 'positive'] as const) totals[key] += bucket[key];
        buckets.push(bucket);
      }
      const before = bySlot.get(-1) ?? SILENCE;
      return {
        ...spanAnswer(span),
        step_secs: span.step / 1000,
        buckets,
        totals,
        previous: previous(before.documents, before.negatives),
      };
    },

    async series(kind, span, filter, limit, firing) {
      const { sql, params } = opinionConditions(filter);
      const rows = await store.query<StoredSeries>(
        `SELECT id, sumIf(n, slot >= 0) AS documents, sumIf(bad, slot >= 0) AS negative,
           sumIf(plain, slot >= 0) AS neutral, documents - negative - neutral AS positive,
           sumIf(n, slot < 0) AS documents_before, sumIf(bad, slot < 0) AS negative_before,
           groupArrayIf(slot, slot >= 0) AS slots, groupArrayIf(n, slot >= 0) AS volumes,
           groupArrayIf(bad, slot >= 0) AS negatives
         FROM (
           SELECT ${kind === 'entity' ? 'arrayJoin(entities)' : 'topic'} AS id, ${slot('{part:Int64}')} AS slot,
             count() AS n, countIf(sentiment = 'negative') AS bad, countIf(sentiment = 'neutral') AS plain
           FROM opinions WHERE ${within('before')}${sql} GROUP BY id, slot
         )
         GROUP BY id HAVING documents > 0 ORDER BY documents DESC, id LIMIT {limit:UInt32}`,
        { ...params, ...ends(span), part: Math.ceil((span.to - span.from) / SPARKLINE_PARTS), limit },
      );
      const series = rows.map((row) => seriesRow(row, names(kind, row.id), firing.get(row.id) ?? 0));
      return { ...spanAnswer(span), kind, series };
    },
  };
}

/** Which part of the span a row lies in; -1 for the span before. `size` is a part's length in milliseconds, as SQL. */
function slot(size: string): string {
  return `if(published_at < ${moment('from')}, -1,
    toInt32(intDiv(toUnixTimestamp64Milli(published_at) - {from:Int64}, ${size})))`;
}

function ends({ from, to }: ExactSpan): Record<'before' | 'from' | 'to', number> {
  return { before: from - (to - from), from, to };
}

function timelineBucket(at: number, row: Omit<StoredBucket, 'slot'>): TimelineBucket {
  return {
    at: isoTime(at),
    documents: row.documents,
    negative: row.negatives,
    neutral: row.neutrals,
    positive: row.positives,
    probability_sums: { negative: row.sum_negative, neutral: row.sum_neutral, positive: row.sum_positive },
  };
}

function seriesRow(row: StoredSeries, name: Names, firing: number): SeriesRow {
  const documents = Array.from({ length: SPARKLINE_PARTS }, () => 0);
  const negative = [...documents];
  row.slots.forEach((part, index) => {
    documents[part] = row.volumes[index] ?? 0;
    negative[part] = row.negatives[index] ?? 0;
  });
  return {
    id: row.id,
    name,
    documents: row.documents,
    negative: row.negative,
    neutral: row.neutral,
    positive: row.positive,
    negative_share: row.negative / row.documents,
    previous: previous(row.documents_before, row.negative_before),
    sparkline: { documents, negative },
    firing,
  };
}

function previous(documents: number, negative: number): SeriesRow['previous'] {
  return { documents, negative_share: documents === 0 ? null : negative / documents };
}
