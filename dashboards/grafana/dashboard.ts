/** What all dashboards have in common: time, refresh, links to each other, and alerts as marks on every chart. */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { sqlQuery, STORE } from './panels.ts';

const marks = (which: string): string => `
SELECT min(at) AS time, max(at) AS timeEnd, argMax(name, revision) AS title,
  concat(argMax(severity, revision), ', ', argMax(state, revision), ', ', toString(max(story_count)), ' stories') AS text,
  arrayStringConcat([any(detector), any(series_kind)], ',') AS tags
FROM alerts WHERE $__timeFilter(at) AND state IN ('firing', 'resolved') AND ${which}
GROUP BY alert_id ORDER BY time`;

/** `marked`: a condition that the alerts fulfil which are marked on its charts. */
export function dashboard(uid: string, title: string, description: string, marked = '1'): DashboardBuilder {
  return new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['tidewatch'])
    .timezone('utc')
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Tidewatch')
        .type(DashboardLinkType.Dashboards)
        .tags(['tidewatch'])
        .asDropdown(true)
        .keepTime(true),
    )
    .annotation(
      new AnnotationQueryBuilder()
        .name('Alerts')
        .datasource(STORE)
        .enable(true)
        .iconColor('red')
        .target(sqlQuery(marks(marked), 'table', 'Anno')),
    );
}
