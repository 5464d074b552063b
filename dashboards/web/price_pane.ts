/** Closing prices below the volume: a line from close to close, a point each, on a scale of their own. */
import uPlot from 'uplot';
import type { PricesAnswer } from '../contract.ts';
import type { PaneFrame } from './tide_chart.ts';

/** A close stands at the end of its day: what was said that day could still move it. */
const CLOSE_SECS = 86_400;

export function pricePane(container: HTMLElement, { colours, ...frame }: PaneFrame): uPlot {
  return new uPlot(
    {
      ...frame.common,
      height: 92,
      scales: { x: frame.xScale, y: { range: (_, least, most) => padded(least, most) } },
      axes: [
        { ...frame.axis, show: true, size: 8, values: (_, splits) => splits.map(() => ''), space: 90 },
        { ...frame.axis, size: 46, space: 30, values: (_, splits) => splits.map((value) => digits(value)) },
      ],
      series: [{}, { stroke: colours.accent, width: 2, points: { show: true, size: 5, fill: colours.accent } }],
      hooks: { drawClear: [frame.bands], setSelect: [frame.setSelect] },
    },
    [[], []],
    container,
  );
}

export function pricePoints(closes: PricesAnswer['closes']): [number[], number[]] {
  return [closes.map(({ day }) => Date.parse(day) / 1000 + CLOSE_SECS), closes.map(({ close }) => close)];
}

function padded(least: number, most: number): [number, number] {
  const room = Math.max((most - least) * 0.12, most * 0.005, 0.01);
  return [least - room, most + room];
}

function digits(value: number): string {
  return Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Math.round(value * 100) / 100);
}
