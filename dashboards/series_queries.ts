/**
 * Counts over time: the tide of a selection, and the table of entities or topics. One pass over the span and the equal
 * span before it (slot -1), over the counts by hour where these have it, else over narrow columns of the opinions.
 */
import type { Store } from '../core/store/store.ts';
import { opinionConditions, moment, within, type SeriesFilter } from './conditions.ts';
import type { Names, SeriesAnswer, SeriesRow, TimelineAnswer } from './contract.ts';
import { SPARKLINE_PARTS, spanAnswer, type ExactSpan } from './span.ts';
import { readTimeline } from './timeline_queries.ts';

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

/** `names` gives the display names of a series. */
export function createSeriesQueries(
  store: Store,
  names: (kind: 'entity' | 'topic', id: string) => Names,
): SeriesQueries {
  return {
    timeline: (span, filter) => readTimeline(store, span, filter),

    async series(kind, span, filter, limit, firing) {
      const part = Math.ceil((span.to - span.from) / SPARKLINE_PARTS);
      const [inner, params] = counted(kind, span, filter, part);
      const rows = await store.query<StoredSeries>(
        `SELECT id, sumIf(n, slot >= 0) AS documents, sumIf(bad, slot >= 0) AS negative,
           sumIf(plain, slot >= 0) AS neutral, documents - negative - neutral AS positive,
           sumIf(n, slot < 0) AS documents_before, sumIf(bad, slot < 0) AS negative_before,
           groupArrayIf(slot, slot >= 0) AS slots, groupArrayIf(n, slot >= 0) AS volumes,
           groupArrayIf(bad, slot >= 0) AS negatives
         FROM (${inner})
         GROUP BY id HAVING documents > 0 ORDER BY documents DESC, id LIMIT {limit:UInt32}`,
        { ...params, ...ends(span), part, limit },
      );
      const series = rows.map((row) => seriesRow(row, names(kind, row.id), firing.get(row.id) ?? 0));
      return { ...spanAnswer(span), kind, series };
    },
  };
}

const HOUR_MS = 3_600_000;
/** Parts of the sparkline at least this long are made of whole hours: they differ by an hour, which nobody sees. */
const LEAST_PART_MS = 8 * HOUR_MS;

/** Documents by id and slot, as SQL with its parameters. */
function counted(
  kind: 'entity' | 'topic',
  { from, to }: ExactSpan,
  filter: SeriesFilter,
  part: number,
): [string, Readonly<Record<string, string>>] {
  const whole = from % HOUR_MS === 0 && to % HOUR_MS === 0 && part >= LEAST_PART_MS;
  if (whole && filter.entity === undefined && filter.topic === undefined) {
    const sql = `SELECT member AS id, ${slot('toInt64(toUnixTimestamp(at)) * 1000')} AS slot,
        sum(documents) AS n, sum(negatives) AS bad, sum(neutrals) AS plain
      FROM opinions_by_hour WHERE dimension = {kind:String} AND at >= ${moment('before')} AND at < ${moment('to')}
      GROUP BY id, slot`;
    return [sql, { kind }];
  }
  const { sql, params } = opinionConditions(filter);
  return [
    `SELECT ${kind === 'entity' ? 'arrayJoin(entities)' : 'topic'} AS id, ${slot('toUnixTimestamp64Milli(published_at)')} AS slot,
       count() AS n, countIf(sentiment = 'negative') AS bad, countIf(sentiment = 'neutral') AS plain
     FROM opinions WHERE ${within('before')}${sql} GROUP BY id, slot`,
    params,
  ];
}

/** Which part of the span a time (epoch milliseconds, as SQL) lies in; -1 for the span before. */
function slot(time: string): string {
  return `if(${time} < {from:Int64}, -1, toInt32(intDiv(${time} - {from:Int64}, {part:Int64})))`;
}

function ends({ from, to }: ExactSpan): Record<'before' | 'from' | 'to', number> {
  return { before: from - (to - from), from, to };
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
