/**
 * Counts of opinions by minute, hour and day, of all documents and by topic, entity, source and language: what a chart of
 * a year reads instead of a year of opinions. They must say the same as the opinions themselves, also after a document
 * was labelled again, came twice, or was forgotten. So they are not added to as rows arrive: an hour that changed is
 * counted anew from the rows as they are read (FINAL), and until that is done its rows are counted at the question.
 *
 * `opinion_changes` counts the changes of each hour, written after every insert and around every removal, and says up to
 * which change an hour has been counted; rows of `opinion_counts` carry that number, so that what an overtaken counter
 * writes late is of no effect. The views opinions_by_minute, _hour and _day read counted
 * hours from the table and the others from the opinions: they are right however far behind the counting is.
 * Rejected, with reasons in docs/decisions/0029-counts.md: materialised views that add up inserted rows (a second label
 * would count twice, a removal not at all), refreshable views (they count all of history each time), rows with a sign.
 */
import { stableId } from '../event.ts';

export type Grain = 'minute' | 'hour' | 'day';

/** Written by inserts: cause ''. By removals: the same id each time that they are carried out. */
export interface HourChange {
  readonly grain: 'hour';
  readonly at: string;
  readonly cause: string;
  readonly changes: number;
  readonly counted: number;
}

const MEASURES = `count() AS documents, countIf(sentiment = 'negative') AS negatives, countIf(sentiment = 'neutral') AS neutrals,
  countIf(sentiment = 'positive') AS positives, sum(negative) AS sum_negative, sum(neutral) AS sum_neutral, sum(positive) AS sum_positive`;
const COLUMNS = 'documents, negatives, neutrals, positives, sum_negative, sum_neutral, sum_positive';
const SUMS = COLUMNS.split(', ')
  .map((column) => `sum(${column}) AS total_${column}`)
  .join(', ');

/** What a document counts for: itself, its topic, source and language, and each entity that it names. */
const CELLS = `arrayJoin(arrayConcat([('all', ''), ('topic', toString(topic)), ('source', toString(source)), ('language', toString(language))],
  arrayMap(entity -> ('entity', toString(entity)), arrayDistinct(entities))))`;

/** Hours by their changes: those that are counted, with the number, and those that are not. Right whether rows were merged or not. */
const HOURS = "FROM opinion_changes WHERE grain = 'hour' GROUP BY at HAVING sum(changes)";
const COUNTED_HOURS = `SELECT at, sum(changes) ${HOURS} = max(counted)`;
const HOURS_TO_COUNT = `SELECT at ${HOURS} > max(counted)`;

/** A day is counted when all its hours were and it was since. */
const DAYS = `(SELECT toStartOfDay(at) AS day, sumIf(made, grain = 'hour') AS day_made, sumIf(done, grain = 'hour') AS day_done,
    maxIf(done, grain = 'day') AS by_day
  FROM (SELECT grain, at, sum(changes) AS made, max(counted) AS done FROM opinion_changes GROUP BY grain, at) GROUP BY day)`;
const COUNTED_DAYS = `SELECT day, day_made FROM ${DAYS} WHERE day_made = day_done AND day_made = by_day`;
const OTHER_DAYS = `SELECT day FROM ${DAYS} WHERE NOT (day_made = day_done AND day_made = by_day)`;

/** Start of the minute or hour of a time; the tables' times are UTC. */
function startOf(grain: Grain, column: string): string {
  return `toStartOf${grain === 'minute' ? 'Minute' : grain === 'hour' ? 'Hour' : 'Day'}(${column})`;
}

function counted(grain: 'minute' | 'hour', hours: string): string {
  return `SELECT toLowCardinality(cell.1) AS dimension, toLowCardinality(cell.2) AS member, at, ${MEASURES}
  FROM (SELECT ${CELLS} AS cell, ${startOf(grain, 'published_at')} AS at, sentiment, negative, neutral, positive
    FROM opinions FINAL WHERE toStartOfHour(published_at) IN (${hours})) GROUP BY cell, at`;
}

function view(grain: 'minute' | 'hour'): string {
  return `CREATE OR REPLACE VIEW opinions_by_${grain} AS
  SELECT dimension, member, at, ${COLUMNS} FROM opinion_counts FINAL
  WHERE grain = '${grain}' AND (toStartOfHour(at), version) IN (${COUNTED_HOURS})
  UNION ALL ${counted(grain, HOURS_TO_COUNT)}`;
}

export function countsStatements({ keep, label }: { keep: string; label: string }): string[] {
  const number = 'UInt64 CODEC(T64, ZSTD(1))';
  const sum = 'Float64 CODEC(ZSTD(1))';
  return [
    // How often each hour has changed, and up to which change an hour or a day has been counted.
    `CREATE TABLE IF NOT EXISTS opinion_changes (
      grain ${label}, at DateTime('UTC'), cause String,
      changes SimpleAggregateFunction(sum, UInt64), counted SimpleAggregateFunction(max, UInt64)
    ) ENGINE = AggregatingMergeTree ORDER BY (grain, at, cause) SETTINGS ${keep}`,
    // One dimension at a time is contiguous: the whole tide of a year is 8,760 rows beside each other.
    `CREATE TABLE IF NOT EXISTS opinion_counts (
      grain ${label}, dimension ${label}, member ${label}, at DateTime('UTC') CODEC(Delta, ZSTD(1)),
      documents ${number}, negatives ${number}, neutrals ${number}, positives ${number},
      sum_negative ${sum}, sum_neutral ${sum}, sum_positive ${sum}, version ${number}
    ) ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(at) ORDER BY (grain, dimension, member, at) SETTINGS ${keep}`,
    view('minute'),
    view('hour'),
    `CREATE OR REPLACE VIEW opinions_by_day AS
     SELECT dimension, member, at, ${COLUMNS} FROM opinion_counts FINAL
     WHERE grain = 'day' AND (at, version) IN (${COUNTED_DAYS})
     UNION ALL SELECT dimension, member, toStartOfDay(at) AS day, ${SUMS} FROM opinions_by_hour
     WHERE toStartOfDay(at) IN (${OTHER_DAYS}) GROUP BY dimension, member, day`,
    // What is there from before. Only an empty table is filled, so that a migration that was cut off can run again.
    `INSERT INTO opinion_changes SELECT 'hour', toStartOfHour(published_at) AS hour, '', 1, 0 FROM opinions
     WHERE (SELECT count() FROM opinion_changes) = 0 GROUP BY hour`,
  ];
}

/** A change of each hour of the rows' event time. */
export function changesOf(rows: readonly object[]): HourChange[] {
  const hours = new Set<number>();
  for (const row of rows) {
    const at = Date.parse(String((row as { published_at?: unknown }).published_at));
    if (!Number.isNaN(at)) hours.add(Math.floor(at / 3_600_000));
  }
  return [...hours].map((hour) => ({
    grain: 'hour',
    at: hourText(hour * 3_600_000),
    cause: '',
    changes: 1,
    counted: 0,
  }));
}

/** Of a removal: the same targets have the same cause, so that one that was cut off finds its hours again. */
export function causeOf(targets: readonly unknown[]): string {
  return stableId('removal', JSON.stringify(targets));
}

/** A change of each hour whose opinions a condition names. Parameters: the condition's, and the cause. */
export const HOURS_OF_REMOVAL = (condition: string): string =>
  `INSERT INTO opinion_changes SELECT 'hour', toStartOfHour(published_at) AS hour, {cause:String}, 1, 0 FROM opinions WHERE ${condition} GROUP BY hour`;
/** The same of each hour that the cause has changed before. */
export const HOURS_OF_CAUSE =
  "INSERT INTO opinion_changes SELECT 'hour', at, {cause:String}, 1, 0 FROM opinion_changes WHERE cause = {cause:String} GROUP BY at";

function hourText(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ');
}

/** Hours to count, the newest first, with the number of their changes now. Read before the opinions are. */
export const HOURS_QUERY = `SELECT toUnixTimestamp(hour) AS at, made AS changes
  FROM (SELECT at AS hour, sum(changes) AS made FROM opinion_changes WHERE grain = 'hour' GROUP BY at HAVING made > max(counted))
  ORDER BY hour DESC LIMIT {limit:UInt32}`;
export const DAYS_QUERY = `SELECT toUnixTimestamp(day) AS at, day_made AS changes FROM ${DAYS}
  WHERE day_made = day_done AND day_made > by_day ORDER BY day DESC LIMIT {limit:UInt32}`;

const VERSION = (at: string, places: string): string =>
  `transform(toUnixTimestamp(${at}), {${places}:Array(UInt32)}, {changes:Array(UInt64)}, toUInt64(0))`;

/** Parameters: hours (epoch seconds) and their changes. */
export const COUNT_HOURS: readonly string[] = [
  ...(['minute', 'hour'] as const).map(
    (grain) => `INSERT INTO opinion_counts (grain, dimension, member, at, ${COLUMNS}, version)
  SELECT '${grain}', dimension, member, at, ${COLUMNS}, ${VERSION('toStartOfHour(at)', 'hours')}
  FROM (${counted(grain, "SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC')")})`,
  ),
  `INSERT INTO opinion_changes SELECT 'hour', toDateTime(place.1, 'UTC'), '', 0, place.2
   FROM (SELECT arrayJoin(arrayZip({hours:Array(UInt32)}, {changes:Array(UInt64)})) AS place)`,
];

/** Hours whose opinions may be gone by retention keep the counts they have, under the new number. */
export const KEEP_HOURS: readonly string[] = [
  `INSERT INTO opinion_counts (grain, dimension, member, at, ${COLUMNS}, version)
   SELECT grain, dimension, member, at, ${COLUMNS}, ${VERSION('toStartOfHour(at)', 'hours')} FROM opinion_counts FINAL
   WHERE grain IN ('minute', 'hour') AND toUnixTimestamp(toStartOfHour(at)) IN {hours:Array(UInt32)}
     AND (toStartOfHour(at), version) IN (SELECT at, max(counted) FROM opinion_changes WHERE grain = 'hour' GROUP BY at)`,
  COUNT_HOURS[2] ?? '',
];

/** Parameters: days (epoch seconds) and their changes. */
export const COUNT_DAYS: readonly string[] = [
  `INSERT INTO opinion_counts (grain, dimension, member, at, ${COLUMNS}, version)
   SELECT 'day', dimension, member, toStartOfDay(at) AS day, ${SUMS}, ${VERSION('day', 'days')} FROM opinion_counts FINAL
   WHERE grain = 'hour' AND toUnixTimestamp(toStartOfDay(at)) IN {days:Array(UInt32)}
     AND (at, version) IN (${COUNTED_HOURS}) GROUP BY dimension, member, day`,
  `INSERT INTO opinion_changes SELECT 'day', toDateTime(place.1, 'UTC'), '', 0, place.2
   FROM (SELECT arrayJoin(arrayZip({days:Array(UInt32)}, {changes:Array(UInt64)})) AS place)`,
];
