/** Colours, steps and links of values, for all dashboards: what a figure or a cell says beside its number. */
import { GraphThresholdsStyleConfigBuilder, GraphThresholdsStyleMode } from '@grafana/grafana-foundation-sdk/common';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type DynamicConfigValue,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** As on the page: neither red nor green, which mean opposite things in China and elsewhere and look alike to many. */
export const COLOURS = { negative: '#f0813a', neutral: '#8e8e8e', positive: '#4fa9dc' } as const;
export const painted = (fixedColor: string): DynamicConfigValue => ({
  id: 'color',
  value: { mode: 'fixed', fixedColor },
});

/** Steps from which a value is worth a look and a deed; below the first it has no colour. */
export function steps(...from: readonly number[]): ThresholdsConfigBuilder {
  const colours = from.length === 1 ? [COLOURS.negative] : ['yellow', COLOURS.negative];
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([
      { value: null, color: 'text' },
      ...from.map((value, index) => ({ value, color: colours[index] ?? COLOURS.negative })),
    ]);
}

/** Dashed lines at the steps of a chart. */
export function stepLines(): GraphThresholdsStyleConfigBuilder {
  return new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed);
}

/** A cell that leads to the company's own page, at the same time. */
export const TO_ENTITY: DynamicConfigValue[] = [
  {
    id: 'links',
    value: [
      {
        title: 'Its page',
        url: '/d/tidewatch-entity?var-entity=${__value.raw:percentencode}&${__url_time_range}',
      },
    ],
  },
];
