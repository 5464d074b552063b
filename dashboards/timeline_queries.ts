/**
 * The tide of a selection: counts in equal steps, the span before, and what was usual. Read from the counts by minute or hour
 * (core/store/counts.ts) where these have the selection, because a month of opinions is a million rows and its hours are 720;
 * from the opinions where it crosses an entity with a topic.
 */
import { isoTime } from '../core/event.ts';
import type { Store } from '../core/store/store.ts';
import { usualShares, type Tally } from './band.ts';
import { moment, opinionConditions, within, type SeriesFilter } from './conditions.ts';
import type { TimelineAnswer, TimelineBucket } from './contract.ts';
import { spanAnswer, type ExactSpan } from './span.ts';

interface StoredBucket {
  readonly slot: number;
  readonly documents: number;
  readonly negatives: number;
  readonly neutrals: number;
  readonly positives: number;
  readonly sum_negative: number;
  readonly sum_neutral: number;
  readonly sum_positive: number;
  /** What of it lies in the span of equal length just before: a shorter last step makes that begin within a step. */
  readonly documents_before: number;
  readonly negatives_before: number;
}

const SILENCE: StoredBucket = {
  slot: 0,
  documents: 0,
  negatives: 0,
  neutrals: 0,
  positives: 0,
  sum_negative: 0,
  sum_neutral: 0,
  sum_positive: 0,
  documents_before: 0,
  negatives_before: 0,
};

/** What is usual is judged from that long before the span, or from the equal span before where it is longer. */
const PAST_MS = 14 * 86_400_000;
/** Of short steps fewer days, so that a question stays small. */
const MOST_PAST_STEPS = 1_500;

/** @throws TidewatchError storage.unavailable */
export async function readTimeline(store: Store, span: ExactSpan, filter: SeriesFilter): Promise<TimelineAnswer> {
  const { from, to, step } = span;
  const steps = Math.ceil((to - from) / step);
  const past = Math.max(steps, Math.min(MOST_PAST_STEPS, Math.ceil(PAST_MS / step)));
  const before = from - past * step;
  const selected = filter.entity !== undefined || filter.topic !== undefined;
  const [rows, everybody] = await Promise.all([
    store.query<StoredBucket>(...question(span, filter, before)),
    selected ? store.query<StoredBucket>(...question(span, {}, before)) : null,
  ]);
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  const talliesOf = (stored: ReadonlyMap<number, StoredBucket>): Tally[] =>
    Array.from({ length: past + steps }, (_, slot) => {
      const { documents, negatives } = stored.get(slot) ?? SILENCE;
      return { documents, negative: negatives };
    });
  const tallies = talliesOf(bySlot);
  const all = everybody === null ? undefined : talliesOf(new Map(everybody.map((row) => [row.slot, row])));
  const usual = usualShares(tallies.slice(0, past), tallies.slice(past), step / 1000, all);
  const totals = { documents: 0, negative: 0, neutral: 0, positive: 0 };
  const buckets = usual.map((own, index): TimelineBucket => {
    const row = bySlot.get(past + index) ?? SILENCE;
    const { documents, negatives: negative, neutrals: neutral, positives: positive } = row;
    const counts = { documents, negative, neutral, positive };
    for (const key of ['documents', 'negative', 'neutral', 'positive'] as const) totals[key] += counts[key];
    return {
      at: isoTime(from + index * step),
      ...counts,
      probability_sums: { negative: row.sum_negative, neutral: row.sum_neutral, positive: row.sum_positive },
      usual: own,
    };
  });
  const previous = { documents: 0, negative: 0 };
  for (const { documents_before, negatives_before } of rows) {
    previous.documents += documents_before;
    previous.negative += negatives_before;
  }
  return {
    ...spanAnswer(span),
    step_secs: step / 1000,
    buckets,
    totals,
    previous: {
      documents: previous.documents,
      negative_share: previous.documents === 0 ? null : previous.negative / previous.documents,
    },
  };
}

function question(
  { from, to, step }: ExactSpan,
  filter: SeriesFilter,
  before: number,
): [string, Record<string, unknown>] {
  const { entity, topic } = filter;
  // A step of whole hours may begin between two: what is counted by hour has no half of one.
  const isWhole = (grain: number): boolean => [from, to, step].every((at) => at % grain === 0);
  const grain = isWhole(3_600_000) ? 'hour' : isWhole(60_000) ? 'minute' : null;
  const times = { before, previous: from - (to - from), from, to, step };
  if (grain === null || (entity !== undefined && topic !== undefined)) {
    const { sql, params } = opinionConditions(filter);
    return [
      `SELECT toInt32(intDiv(toUnixTimestamp64Milli(published_at) - {before:Int64}, {step:Int64})) AS slot,
         count() AS documents, countIf(sentiment = 'negative') AS negatives,
         countIf(sentiment = 'neutral') AS neutrals, countIf(sentiment = 'positive') AS positives,
         sum(negative) AS sum_negative, sum(neutral) AS sum_neutral, sum(positive) AS sum_positive,
         countIf(${justBefore('published_at')}) AS documents_before,
         countIf(sentiment = 'negative' AND ${justBefore('published_at')}) AS negatives_before
       FROM opinions WHERE ${within('before')}${sql} GROUP BY slot`,
      { ...params, ...times },
    ];
  }
  const dimension = entity !== undefined ? 'entity' : topic !== undefined ? 'topic' : 'all';
  return [
    `SELECT toInt32(intDiv(toUnixTimestamp(at) * 1000 - {before:Int64}, {step:Int64})) AS slot,
       sum(c.documents) AS documents, sum(c.negatives) AS negatives, sum(c.neutrals) AS neutrals,
       sum(c.positives) AS positives, sum(c.sum_negative) AS sum_negative, sum(c.sum_neutral) AS sum_neutral,
       sum(c.sum_positive) AS sum_positive, sumIf(c.documents, ${justBefore('at')}) AS documents_before,
       sumIf(c.negatives, ${justBefore('at')}) AS negatives_before
     FROM opinions_by_${grain} AS c WHERE dimension = {dimension:String} AND member = {member:String}
       AND at >= fromUnixTimestamp64Milli({before:Int64}, 'UTC') AND at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')
     GROUP BY slot`,
    { ...times, dimension, member: entity ?? topic ?? '' },
  ];
}

function justBefore(at: string): string {
  return `${at} >= ${moment('previous')} AND ${at} < ${moment('from')}`;
}
