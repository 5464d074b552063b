/** Pipeline: is it keeping up, what fails, and is the stream still what the model was measured on. */
import { StackingMode } from '@grafana/grafana-foundation-sdk/common';
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { stepLines, steps } from './looks.ts';
import { bars, lines, metricLines, numbered, sentimentBars } from './panels.ts';

/** Seconds between two columns of opinions. */
const between = (from: string, to: string): string => `dateDiff('millisecond', ${from}, ${to}) / 1000`;

export function pipeline(): DashboardBuilder {
  const page = dashboard('tidewatch-pipeline', 'Pipeline', 'Lag, throughput, latency, errors, drift, confidence.');
  const panels = [
    metricLines(
      { title: 'Lag', description: 'Age of the oldest document that waits for each stage.' },
      'max by (stage) (tidewatch_lag_seconds)',
      '{{stage}}',
    ).unit('s'),
    metricLines(
      { title: 'Documents a second', description: 'That each stage handed on.' },
      'sum by (stage) (rate(tidewatch_documents_out_total[$__rate_interval]))',
      '{{stage}}',
    ).unit('cps'),
    lines(
      {
        title: 'From published to labelled',
        description:
          'Median and 95th percentile by time of labelling. A document read late from its feed counts with its delay.',
      },
      `SELECT $__timeInterval(labelled_at) AS time, quantileTDigest(0.5)(${between('published_at', 'labelled_at')}) AS p50,
  quantileTDigest(0.95)(${between('published_at', 'labelled_at')}) AS p95, quantileTDigest(0.95)(${between('fetched_at', 'labelled_at')}) AS \`p95 since fetched\`
FROM opinions WHERE $__timeFilter(labelled_at) GROUP BY time ORDER BY time`,
    ).unit('s'),
    lines(
      {
        title: 'From published to alerted',
        description:
          'From the newest document that an alert shows until its first notification was sent: median and 95th percentile.',
      },
      `WITH shown AS (
  SELECT alert_id, argMinIf(body, revision, state = 'firing') AS first_body FROM alerts GROUP BY alert_id HAVING first_body != ''
), told AS (
  SELECT alert_id, min(at) AS told_at FROM notifications WHERE status = 'sent' GROUP BY alert_id
), delays AS (
  SELECT told_at, arrayMax(arrayMap(one -> parseDateTime64BestEffortOrZero(JSONExtractString(one, 'published_at'), 3, 'UTC'), JSONExtractArrayRaw(first_body, 'documents'))) AS newest
  FROM shown INNER JOIN told ON shown.alert_id = told.alert_id
)
SELECT $__timeInterval(told_at) AS time, quantileExact(0.5)(${between('newest', 'told_at')}) AS p50, quantileExact(0.95)(${between('newest', 'told_at')}) AS p95
FROM delays WHERE $__timeFilter(told_at) GROUP BY time ORDER BY time`,
    ).unit('s'),
    metricLines(
      { title: 'Errors by code', description: 'A second, by stage and error code (docs/reference.md).' },
      'sum by (stage, code) (rate(tidewatch_errors_total[$__rate_interval]))',
      '{{stage}} {{code}}',
    ).unit('cps'),
    metricLines(
      { title: 'Left out on purpose', description: 'Documents a second, by stage and reason.' },
      'sum by (stage, reason) (rate(tidewatch_documents_skipped_total[$__rate_interval]))',
      '{{stage}} {{reason}}',
    ).unit('cps'),
    metricLines(
      {
        title: 'Drift from the model’s reference',
        description: 'Population stability index: above 0.1 look, above 0.25 act (dashed).',
      },
      'max by (measure) (tidewatch_model_drift_psi)',
      '{{measure}}',
    )
      .thresholds(steps(0.1, 0.25))
      .thresholdsStyle(stepLines()),
    sentimentBars(
      { title: 'Labels over time', description: 'Share of each sentiment, by model.' },
      `SELECT $__timeInterval(labelled_at) AS time, concat(sentiment, ' ', model) AS label, count() AS opinions
FROM opinions WHERE $__timeFilter(labelled_at) GROUP BY time, label ORDER BY time, label`,
      StackingMode.Percent,
    ),
    bars(
      { title: 'Topics over time', description: 'Share of each topic among the opinions of that time.' },
      `SELECT $__timeInterval(labelled_at) AS time, topic, count() AS opinions
FROM opinions WHERE $__timeFilter(labelled_at) GROUP BY time, topic ORDER BY time, topic`,
      StackingMode.Percent,
    ),
    lines(
      { title: 'Confidence', description: 'Of the sentiment label: 5th, 50th and 95th percentile.' },
      `SELECT $__timeInterval(labelled_at) AS time, quantileTDigest(0.05)(confidence) AS p05, quantileTDigest(0.5)(confidence) AS p50, quantileTDigest(0.95)(confidence) AS p95
FROM opinions WHERE $__timeFilter(labelled_at) GROUP BY time ORDER BY time`,
    )
      .min(0)
      .max(1),
    metricLines(
      { title: 'Seconds of a batch', description: 'Seconds that a stage spent on one batch: 95th percentile.' },
      'histogram_quantile(0.95, sum by (stage, le) (rate(tidewatch_batch_seconds_bucket[$__rate_interval])))',
      '{{stage}}',
    ).unit('s'),
  ];
  for (const panel of numbered(panels)) page.withPanel(panel);
  return page;
}
