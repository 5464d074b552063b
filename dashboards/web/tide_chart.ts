/**
 * The tide chart: negative share as a line above stacked volume bars, one time axis, one cursor. Two panes rather than
 * two y axes in one: a share and a count on one plane invite readings that the data do not support. Drawn by uPlot
 * because it is 50 kB, draws on canvas (a month of buckets in a millisecond), and takes its styles from code, so the
 * page's strict CSP holds. Rejected: ECharts (over the page's whole budget), SVG by hand (cursor, zoom, axes anew).
 */
import uPlot from 'uplot';
import type { TimelineAnswer } from '../contract.ts';
import { comparable, smoothShares } from './shares.ts';
import { resolveColours } from './theme.ts';
import { drawBands, drawLevel, fade, type TideMark } from './tide_drawing.ts';

export interface TideLabels {
  share(value: number): string;
  count(value: number): string;
  /** Axis label of a time in epoch seconds; `span` is the chart's length in seconds. */
  tick(at: number, span: number): string;
}

export interface TideChart {
  show(answer: TimelineAnswer, marks: readonly TideMark[]): void;
  destroy(): void;
}

const COLOURS = ['negative', 'neutral', 'positive', 'line', 'muted', 'ink'] as const;

/**
 * Draws into `container`, until `destroy`. `hovered` is told the bucket under the cursor (null when it leaves),
 * `zoomed` a span dragged on the chart, in epoch seconds.
 */
export function createTideChart(
  container: HTMLElement,
  labels: TideLabels,
  hovered: (index: number | null) => void,
  zoomed: (from: number, to: number) => void,
): TideChart {
  const colours = resolveColours(COLOURS);
  const font = `11px ${getComputedStyle(container).fontFamily}`;
  let marks: readonly TideMark[] = [];
  let before: number | null = null;
  let span: [number, number] = [0, 1];

  const axis: uPlot.Axis = {
    stroke: colours.muted,
    font,
    ticks: { show: false },
    grid: { stroke: colours.line, width: 1 },
  };
  const common = {
    width: Math.max(container.clientWidth, 200),
    legend: { show: false },
    padding: [8, 8, 0, 0] as [number, number, number, number],
    cursor: {
      sync: { key: 'tide', setSeries: false, scales: ['x', null] as [string, null] },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 2 },
      y: false,
    },
  };
  const xScale: uPlot.Scale = { time: true, range: () => span };
  const setSelect = (chart: uPlot): void => {
    const { left, width } = chart.select;
    if (width < 6) return;
    zoomed(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'));
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  };
  const setCursor = (chart: uPlot): void => hovered(chart.cursor.idx ?? null);
  const bands = (chart: uPlot): void => drawBands(chart, marks, colours.negative);

  const smooth = uPlot.paths.spline?.();
  const share = new uPlot(
    {
      ...common,
      height: container.clientWidth < 500 ? 120 : 150,
      scales: {
        x: xScale,
        y: { range: (_, __, max) => [0, Math.max(0.5, Math.min(1, Math.ceil(max * 5 + 0.2) / 5))] },
      },
      axes: [
        { ...axis, show: true, size: 8, values: (_, splits) => splits.map(() => ''), space: 90 },
        { ...axis, size: 46, incrs: [0.25, 0.5], values: (_, splits) => splits.map((value) => labels.share(value)) },
      ],
      series: [
        {},
        {
          stroke: colours.negative,
          width: 2,
          ...(smooth && { paths: smooth }),
          points: { show: false },
          fill: (chart) => fade(chart, colours.negative),
        },
      ],
      hooks: {
        drawClear: [bands],
        draw: [(chart) => drawLevel(chart, before, colours.muted)],
        setSelect: [setSelect],
        setCursor: [setCursor],
      },
    },
    [[], []],
    container,
  );
  const columns = uPlot.paths.bars?.({ size: [0.78, 48], align: 0 });
  const bars = (colour: string): uPlot.Series => ({
    fill: colour,
    width: 0,
    ...(columns && { paths: columns }),
    points: { show: false },
  });
  const volume = new uPlot(
    {
      ...common,
      height: container.clientWidth < 500 ? 120 : 136,
      scales: { x: xScale, y: { range: (_, __, max) => [0, Math.max(4, max * 1.05)] } },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          space: 74,
          values: (_, splits) => splits.map((at) => (nearEnd(at, span) ? '' : labels.tick(at, span[1] - span[0]))),
        },
        {
          ...axis,
          size: 46,
          space: 34,
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? labels.count(value) : '')),
        },
      ],
      series: [{}, bars(colours.positive), bars(colours.neutral), bars(colours.negative)],
      hooks: { drawClear: [bands], setSelect: [setSelect] },
      cursor: { ...common.cursor, points: { show: false } },
    },
    [[], [], [], []],
    container,
  );
  const resize = new ResizeObserver(() => {
    const width = Math.max(container.clientWidth, 200);
    if (width === share.width) return;
    share.setSize({ width, height: share.height });
    volume.setSize({ width, height: volume.height });
  });
  resize.observe(container);

  return {
    show(answer, newMarks) {
      marks = newMarks;
      before = comparable(answer.previous) ? answer.previous.negative_share : null;
      span = [Date.parse(answer.from) / 1000, Date.parse(answer.to) / 1000];
      const at = answer.buckets.map((bucket) => Date.parse(bucket.at) / 1000 + answer.step_secs / 2);
      share.setData([at, smoothShares(answer.buckets)]);
      volume.setData([
        at,
        answer.buckets.map((bucket) => bucket.documents),
        answer.buckets.map((bucket) => bucket.negative + bucket.neutral),
        answer.buckets.map((bucket) => bucket.negative),
      ]);
    },
    destroy() {
      resize.disconnect();
      share.destroy();
      volume.destroy();
    },
  };
}

/** A label here would be cut off by the edge. */
function nearEnd(at: number, [from, to]: [number, number]): boolean {
  return to - at < (to - from) * 0.025;
}
