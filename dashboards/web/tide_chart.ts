/**
 * The tide chart: negative share as a line in its usual range, above stacked volume bars, and where there are prices their
 * line below; one time axis, one cursor. Panes rather than several y axes in one: a share, a count and a price on one plane
 * invite readings that the data do not support. Drawn by uPlot because it is 50 kB, draws on canvas (a month of buckets in a
 * millisecond), and takes its styles from code, so the page's strict CSP holds. Rejected: ECharts (over the page's whole
 * budget), SVG by hand (cursor, zoom, axes anew).
 */
import uPlot from 'uplot';
import type { PricesAnswer, TimelineAnswer } from '../contract.ts';
import { pricePane, pricePoints } from './price_pane.ts';
import { smoothShares } from './shares.ts';
import { resolveColours } from './theme.ts';
import { drawBands, drawBeyond, fade, soft, type TideMark } from './tide_drawing.ts';
import { volumePane } from './volume_pane.ts';

export interface TideLabels {
  share(value: number): string;
  count(value: number): string;
  /** Axis label of a time in epoch seconds; `span` is the chart's length in seconds. */
  tick(at: number, span: number): string;
}

export interface TideChart {
  show(answer: TimelineAnswer, marks: readonly TideMark[], closes: PricesAnswer['closes']): void;
  destroy(): void;
}

/** What the panes share. */
export interface PaneFrame {
  readonly colours: Record<(typeof COLOURS)[number], string>;
  readonly labels: TideLabels;
  readonly axis: uPlot.Axis;
  readonly common: Pick<uPlot.Options, 'width' | 'legend' | 'padding'> & { cursor: uPlot.Cursor };
  readonly xScale: uPlot.Scale;
  readonly bands: (chart: uPlot) => void;
  readonly setSelect: (chart: uPlot) => void;
  span(): readonly [number, number];
}

export const COLOURS = ['negative', 'neutral', 'positive', 'line', 'muted', 'ink', 'accent', 'negative-text'] as const;

/**
 * Draws into `container`, until `destroy`. `hovered` is told the bucket under the cursor (null when it leaves),
 * `zoomed` a span dragged on the chart, in epoch seconds, `picked` the bucket that was clicked.
 */
export function createTideChart(
  container: HTMLElement,
  labels: TideLabels,
  withPrices: boolean,
  hovered: (index: number | null) => void,
  zoomed: (from: number, to: number) => void,
  picked: (index: number) => void,
): TideChart {
  const colours = resolveColours(COLOURS);
  let marks: readonly TideMark[] = [];
  let span: [number, number] = [0, 1];
  let most = 0.5;
  let beyond: readonly (number | null)[] = [];

  const frame: PaneFrame = {
    colours,
    labels,
    axis: {
      stroke: colours.muted,
      font: `11px ${getComputedStyle(container).fontFamily}`,
      ticks: { show: false },
      grid: { stroke: colours.line, width: 1 },
    },
    common: {
      width: Math.max(container.clientWidth, 200),
      legend: { show: false },
      padding: [8, 8, 0, 0],
      cursor: {
        sync: { key: 'tide', setSeries: false, scales: ['x', null] },
        drag: { x: true, y: false, setScale: false },
        points: { show: false },
        y: false,
      },
    },
    xScale: { time: true, range: () => span },
    bands: (chart) => drawBands(chart, marks, colours.negative),
    setSelect(chart) {
      const { left, width } = chart.select;
      if (width < 6) return;
      zoomed(chart.posToVal(left, 'x'), chart.posToVal(left + width, 'x'));
      chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    },
    span: () => span,
  };

  const smooth = uPlot.paths.spline?.();
  const drawn = { ...(smooth && { paths: smooth }), points: { show: false } };
  const edge: uPlot.Series = { ...drawn, stroke: 'transparent', width: 0 };
  const share = new uPlot(
    {
      ...frame.common,
      cursor: {
        ...frame.common.cursor,
        points: { size: 7, width: 2, show: (chart, series) => pointOf(chart, series) },
      },
      height: container.clientWidth < 500 ? 120 : 150,
      scales: { x: frame.xScale, y: { range: () => [0, most] } },
      axes: [
        { ...frame.axis, show: true, size: 8, values: (_, splits) => splits.map(() => ''), space: 90 },
        {
          ...frame.axis,
          size: 46,
          incrs: [0.25, 0.5],
          values: (_, splits) => splits.map((value) => labels.share(value)),
        },
      ],
      series: [
        {},
        edge,
        edge,
        { ...drawn, stroke: colours.muted, width: 1, dash: [4, 4] },
        { ...drawn, stroke: colours.negative, width: 2, fill: (chart) => fade(chart, colours.negative) },
      ],
      bands: [{ series: [1, 2], fill: soft(colours.muted, 0.2) }],
      hooks: {
        drawClear: [frame.bands],
        draw: [(chart) => drawBeyond(chart, beyond, colours['negative-text'])],
        setSelect: [frame.setSelect],
        setCursor: [(chart) => hovered(chart.cursor.idx ?? null)],
      },
    },
    [[], [], [], [], []],
    container,
  );
  const volume = volumePane(container, frame);
  const price = withPrices ? pricePane(container, frame) : null;
  const panes = [share, volume, ...(price === null ? [] : [price])];
  // uPlot keeps the click that ends a drag to itself.
  for (const pane of [share, volume])
    pane.over.addEventListener('click', ({ offsetX }) => {
      if (pane.data[0]?.length !== 0) picked(pane.posToIdx(offsetX));
    });
  const resize = new ResizeObserver(() => {
    const width = Math.max(container.clientWidth, 200);
    if (width === share.width) return;
    for (const pane of panes) pane.setSize({ width, height: pane.height });
  });
  resize.observe(container);

  return {
    show(answer, newMarks, closes) {
      marks = newMarks;
      span = [Date.parse(answer.from) / 1000, Date.parse(answer.to) / 1000];
      const at = answer.buckets.map((bucket) => Date.parse(bucket.at) / 1000 + answer.step_secs / 2);
      const shares = smoothShares(answer.buckets);
      const usual = answer.buckets.map((bucket) => bucket.usual);
      beyond = shares.map((value, index) => (value !== null && value > (usual[index]?.high ?? 1) ? value : null));
      most = topOf([...shares, ...usual.map((one) => one?.share ?? null)]);
      const of = (key: 'share' | 'low' | 'high'): (number | null)[] => usual.map((one) => one?.[key] ?? null);
      share.setData([at, of('high'), of('low'), of('share'), shares]);
      volume.setData([
        at,
        answer.buckets.map((bucket) => bucket.documents),
        answer.buckets.map((bucket) => bucket.negative + bucket.neutral),
        answer.buckets.map((bucket) => bucket.negative),
      ]);
      price?.setData(pricePoints(closes));
    },
    destroy() {
      resize.disconnect();
      for (const pane of panes) pane.destroy();
    },
  };
}

/** The top of the share's axis: at least a half, so that a quiet week does not look like a storm. */
function topOf(shares: readonly (number | null)[]): number {
  const highest = Math.max(0, ...shares.map((value) => value ?? 0));
  return Math.max(0.5, Math.min(1, Math.ceil(highest * 5 + 0.2) / 5));
}

/** A point under the cursor for the line alone: the edges of the range need none. */
function pointOf(chart: uPlot, series: number): HTMLElement {
  const point = document.createElement('div');
  point.className = series === chart.series.length - 1 ? 'line-point' : 'no-point';
  return point;
}
