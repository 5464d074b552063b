/** Pieces of SQL that several dashboards share. Tables replace rows: the reader's user has final = 1. */

/** The opinions of the time range that the page's variables let through. */
export const CHOSEN = `$__timeFilter(published_at)
  AND $__conditionalAll(topic IN (\${topic:sqlstring}), $topic)
  AND $__conditionalAll(language IN (\${language:sqlstring}), $language)
  AND $__conditionalAll(source IN (\${source:sqlstring}), $source)`;

/**
 * The counts of one dimension (topic, source, language, entity, all) that a chart of this step needs: by the minute below
 * an hour, else by the hour. The condition that is false is settled before anything is read.
 */
export const COUNTED = `(SELECT * FROM opinions_by_minute WHERE $__interval_s < 3600
    UNION ALL SELECT * FROM opinions_by_hour WHERE $__interval_s >= 3600)`;

/** The band of shareWithBand for one dimension, from the counts: eight days of opinions would be read for each panel. */
export function countedShareWithBand(dimension: string, members: string): string {
  return bandOf(`
  SELECT $__timeInterval(at) AS time, sum(negatives) AS negative, sum(documents) AS total FROM ${COUNTED}
  WHERE dimension = '${dimension}' AND ${members} AND at >= $__fromTime - INTERVAL 7 DAY AND at <= $__toTime
  GROUP BY time`);
}

/**
 * Share of negative opinions in percent, with what was usual in the seven days before and two standard errors of a share at
 * that many opinions (Wald). A picture's band: cheap and without seasons. The detectors' own bands, with both, are in findings.
 */
export function shareWithBand(condition: string): string {
  return bandOf(`
  SELECT $__timeInterval(published_at) AS time, countIf(sentiment = 'negative') AS negative, count() AS total
  FROM opinions
  WHERE published_at >= $__fromTime - INTERVAL 7 DAY AND published_at <= $__toTime AND ${condition}
  GROUP BY time`);
}

function bandOf(counted: string): string {
  return `
WITH counted AS (${counted}
), compared AS (
  SELECT time, negative, total,
    sum(negative) OVER before AS negative_before, sum(total) OVER before AS total_before
  FROM counted
  WINDOW before AS (ORDER BY time RANGE BETWEEN 604800 PRECEDING AND 1 PRECEDING)
), banded AS (
  SELECT time, negative / total AS share, negative_before / total_before AS share_before,
    2 * sqrt(share_before * (1 - share_before) / total) AS reach
  FROM compared WHERE total_before >= 20 AND $__timeFilter(time)
)
SELECT time, 100 * share AS negative, 100 * share_before AS usual,
  100 * greatest(0, share_before - reach) AS \`usual, low\`, 100 * least(1, share_before + reach) AS \`usual, high\`
FROM banded ORDER BY time`;
}

/** Members of one dimension by how much was said of them. A count of an hour bears the hour's start: a shorter range lies within. */
export const loudest = (dimension: string, most: number): string =>
  `SELECT member FROM opinions_by_hour WHERE dimension = '${dimension}' AND at >= toStartOfHour($__fromTime) AND at <= $__toTime
GROUP BY member ORDER BY sum(documents) DESC, member LIMIT ${most}`;

/**
 * Negative stories as a detector saw them: observed, expected, and the interval that chance fills. Detectors count over windows of
 * their own (an hour, ten days), so each series keeps to one, the one of the highest score in this range, and every row
 * is one finding: the highest of a step. Rejected: the most of each column (no detector ever said that).
 */
export function detectorBand(condition: string): string {
  const judged = `$__timeFilter(window_end) AND measure = 'negative' AND ${condition}`;
  const ofHighest = (column: string): string => `argMax(${column}, (score, id))`;
  return `
SELECT $__timeInterval(window_end) AS time, series, ${ofHighest('observed')} AS negative, ${ofHighest('expected')} AS usual,
  ${ofHighest('interval_low')} AS \`usual, low\`, ${ofHighest('interval_high')} AS \`usual, high\`
FROM findings
WHERE ${judged}
  AND (series, detector) IN (SELECT series, argMax(detector, (score, id)) FROM findings WHERE ${judged} GROUP BY series)
GROUP BY time, series ORDER BY time, series`;
}

/** One row an alert: its last state, and when it first fired and ended. */
export const LIVES = `
  SELECT alert_id, argMax(state, revision) AS last_state, argMax(name, revision) AS alert_name,
    argMax(severity, revision) AS last_severity, any(detector) AS by_detector, any(entity) AS of_entity, min(started_at) AS started,
    minOrNullIf(at, state = 'firing') AS fired, maxOrNullIf(at, state = 'resolved') AS resolved, max(score) AS top_score,
    max(story_count) AS stories, countIf(state = 'firing') > 0 AS has_fired
  FROM alerts GROUP BY alert_id`;
