/**
 * The kinds of panel and query that the dashboards are made of. The SDK knows no ClickHouse query, so its form is written
 * here as the plugin grafana-clickhouse-datasource (version 4) saves it. Times and variables in the SQL go by the plugin's
 * macros, which test/dashboards/grafana runs on the real engine. Rejected: dashboards as JSON by hand (a change in one
 * place would have to be made in twenty).
 */
import type { Builder, Dataquery as AnyQuery } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  type StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  type DataSourceRef,
} from '@grafana/grafana-foundation-sdk/common';
import { QueryVariableBuilder, VariableRefresh, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLOURS, painted } from './looks.ts';

/** Ids that provisioning/datasources gives them. */
export const STORE: DataSourceRef = { type: 'grafana-clickhouse-datasource', uid: 'tidewatch-store' };
export const METRICS: DataSourceRef = { type: 'prometheus', uid: 'tidewatch-metrics' };

export interface Words {
  readonly title: string;
  /** What it shows and how to read it. */
  readonly description: string;
}

/** Of the twenty-four columns of a row of Grafana, and of its rows of 30 pixels. */
export interface Size {
  readonly span: number;
  readonly height: number;
}

const HALF: Size = { span: 12, height: 8 };

/** A query of the plugin: 0 a time series (a time, numbers, and texts as labels), 1 a table. */
export function sqlQuery(sql: string, kind: 'timeseries' | 'table', refId = 'A'): Builder<AnyQuery> {
  const query = {
    datasource: STORE,
    editorType: 'sql',
    format: kind === 'timeseries' ? 0 : 1,
    pluginVersion: '4.0.0',
    queryType: kind,
    rawSql: sql.trim(),
    refId,
  };
  return { build: () => ({ ...query, _implementsDataqueryVariant: () => undefined }) };
}

export function lines(words: Words, sql: string, { span, height }: Size = HALF): TimeseriesBuilder {
  return drawn(words, { span, height }).datasource(STORE).withTarget(sqlQuery(sql, 'timeseries'));
}

/** Bars on top of each other; in percent they show shares. */
export function bars(words: Words, sql: string, mode: StackingMode, size: Size = HALF): TimeseriesBuilder {
  return lines(words, sql, size)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .stacking(new StackingConfigBuilder().mode(mode).group('A'));
}

/** Bars by sentiment, each in its colour wherever the name of a series has it. */
export function sentimentBars(words: Words, sql: string, mode: StackingMode): TimeseriesBuilder {
  return Object.entries(COLOURS).reduce(
    (panel, [sentiment, colour]) => panel.overrideByRegexp(`/\\b${sentiment}\\b/`, [painted(colour)]),
    bars(words, sql, mode),
  );
}

/** A line between `usual, low` and `usual, high`, which the query names so. */
export function band(words: Words, sql: string, size: Size = HALF): TimeseriesBuilder {
  const quiet = [
    { id: 'custom.lineWidth', value: 0 },
    painted(COLOURS.neutral),
    { id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } },
  ];
  return lines(words, sql, size)
    .overrideByName('negative', [painted(COLOURS.negative)])
    .overrideByName('usual, low', quiet)
    .overrideByName('usual, high', [
      ...quiet,
      { id: 'custom.fillBelowTo', value: 'usual, low' },
      { id: 'custom.fillOpacity', value: 20 },
    ])
    .overrideByName('usual', [
      painted(COLOURS.neutral),
      { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    ]);
}

export function table(words: Words, sql: string, { span, height }: Size = HALF): TableBuilder {
  return new TableBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(STORE)
    .span(span)
    .height(height)
    .withTarget(sqlQuery(sql, 'table'));
}

/** Without colour unless it is given steps: Grafana's own turn red at eighty, whatever is counted. A dash where there is nothing. */
export function figure(words: Words, sql: string, size: Size = { span: 6, height: 4 }): StatBuilder {
  return new StatBuilder()
    .title(words.title)
    .description(words.description)
    .datasource(STORE)
    .span(size.span)
    .height(size.height)
    .colorMode(BigValueColorMode.None)
    .graphMode(BigValueGraphMode.None)
    .noValue('–')
    .withTarget(sqlQuery(sql, 'table'));
}

/** A line for each series of a Prometheus expression. */
export function metricLines(words: Words, expression: string, legend: string, size: Size = HALF): TimeseriesBuilder {
  return drawn(words, size)
    .datasource(METRICS)
    .withTarget(new DataqueryBuilder().datasource(METRICS).expr(expression).legendFormat(legend).range().refId('A'));
}

function drawn({ title, description }: Words, { span, height }: Size): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .title(title)
    .description(description)
    .span(span)
    .height(height)
    .lineWidth(1)
    .fillOpacity(5)
    .showPoints(VisibilityMode.Auto)
    .axisPlacement(AxisPlacement.Auto)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

/** A variable whose values are the rows of `sql`. */
export function variable(name: string, label: string, sql: string, several: boolean): QueryVariableBuilder {
  const built = new QueryVariableBuilder(name)
    .label(label)
    .datasource(STORE)
    .query(sql.trim())
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(several)
    .includeAll(several);
  return several ? built.current({ selected: true, text: ['All'], value: ['$__all'] }) : built;
}

/** Panels with ids in their order, so that an id says the same panel after every change behind it. */
export function numbered(panels: readonly Builder<Panel>[]): Builder<Panel>[] {
  return panels.map((panel, index) => ({ build: () => ({ ...panel.build(), id: index + 1 }) }));
}
