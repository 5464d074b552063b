/** Alerts: how they live, whether people found them right, and how long it took until somebody was told. */
import { BigValueColorMode, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { dashboard } from './dashboard.ts';
import { steps, TO_ENTITY } from './looks.ts';
import { bars, figure, lines, numbered, table } from './panels.ts';
import { LIVES } from './sql.ts';

/** What stands: of each person about each alert the latest row, unless it takes back (core/feedback.ts). */
const VERDICTS = `
  SELECT alert_id, author, argMax(value, at) AS verdict, max(at) AS said_at
  FROM feedback WHERE kind = 'verdict' GROUP BY alert_id, author HAVING argMax(takes_back, at) = ''`;

/** From the first firing revision until a notifier first had it. */
const TOLD = `
  SELECT alert_id, notifier, min(at) AS told_at FROM notifications WHERE status = 'sent' GROUP BY alert_id, notifier`;

export function alerts(): DashboardBuilder {
  const page = dashboard('tidewatch-alerts', 'Alerts', 'Life, precision by verdict, time to notify.');
  const judged = `(${LIVES}) AS life INNER JOIN (${VERDICTS}) AS said ON life.alert_id = said.alert_id`;
  const fired = `SELECT *, assumeNotNull(fired) AS first_fired FROM (${LIVES}) WHERE has_fired`;
  const told = `(${fired}) AS life INNER JOIN (${TOLD}) AS told ON life.alert_id = told.alert_id`;
  const seconds = "dateDiff('millisecond', life.first_fired, told.told_at) / 1000";
  const panels = [
    figure(
      { title: 'Firing now', description: 'Alerts whose last state is firing, whenever they began.' },
      `SELECT countIf(last_state = 'firing') AS firing FROM (${LIVES})`,
    )
      .colorMode(BigValueColorMode.Value)
      .thresholds(steps(1)),
    figure(
      { title: 'Fired', description: 'Alerts that first fired in this range.' },
      `SELECT count() AS alerts_fired FROM (${LIVES}) WHERE has_fired AND $__timeFilter(fired)`,
    ),
    figure(
      {
        title: 'Precision',
        description: 'Share of verdicts that call the alert useful or late, of all verdicts on alerts of this range.',
      },
      `SELECT 100 * countIf(verdict IN ('useful', 'late')) / nullIf(count(), 0) AS precision FROM ${judged} WHERE $__timeFilter(life.started)`,
    ).unit('percent'),
    figure(
      { title: 'Median time to notify', description: 'From the first firing (event time) until a notifier had it.' },
      `SELECT quantileExactOrNull(0.5)(${seconds}) AS median FROM ${told} WHERE $__timeFilter(life.first_fired)`,
    ).unit('s'),
    bars(
      { title: 'Changes by state', description: 'Revisions of alerts: pending, firing, resolved.' },
      `SELECT $__timeInterval(at) AS time, state, count() AS changes FROM alerts WHERE $__timeFilter(at)
GROUP BY time, state ORDER BY time, state`,
      StackingMode.Normal,
    ),
    lines(
      {
        title: 'Time to notify',
        description: 'Seconds from the first firing until each notifier had it: median and 95th percentile.',
      },
      `SELECT $__timeInterval(life.first_fired) AS time, told.notifier AS notifier, quantileExact(0.5)(${seconds}) AS p50, quantileExact(0.95)(${seconds}) AS p95
FROM ${told} WHERE $__timeFilter(life.first_fired) GROUP BY time, notifier ORDER BY time, notifier`,
    ).unit('s'),
    table(
      {
        title: 'Precision by detector and verdict',
        description: 'What people said of the alerts of this range; the latest word of each person about each alert.',
      },
      `SELECT life.by_detector AS detector, countIf(verdict = 'useful') AS useful, countIf(verdict = 'late') AS late, countIf(verdict = 'noise') AS noise,
  countIf(verdict = 'wrong') AS wrong, 100 * countIf(verdict IN ('useful', 'late')) / count() AS precision
FROM ${judged} WHERE $__timeFilter(life.started) GROUP BY detector ORDER BY detector`,
    ).overrideByName('precision', [{ id: 'unit', value: 'percent' }]),
    table(
      {
        title: 'Notifications by result',
        description:
          'What became of them: sent, failed, muted, and why; claimed: one of several processes was about to send.',
      },
      `SELECT notifier, status, count() AS notifications, any(reason) AS an_example, max(at) AS latest
FROM notifications WHERE $__timeFilter(at) GROUP BY notifier, status ORDER BY notifier, status`,
    ),
    table(
      {
        title: 'Lives',
        description: 'Each alert of this range: when its cause began, when it fired, when it ended, how long it fired.',
      },
      `SELECT alert_name, of_entity AS company, last_state, last_severity, by_detector, started, fired, resolved,
  if(last_state = 'resolved' AND has_fired, dateDiff('second', fired, resolved), NULL) AS fired_for, top_score, stories
FROM (${LIVES}) WHERE $__timeFilter(started) ORDER BY started DESC LIMIT 200`,
      { span: 24, height: 10 },
    )
      .overrideByName('company', TO_ENTITY)
      .overrideByName('fired_for', [{ id: 'unit', value: 's' }]),
  ];
  for (const panel of numbered(panels)) page.withPanel(panel);
  return page;
}
