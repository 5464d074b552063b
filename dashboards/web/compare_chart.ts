/**
 * Negative shares of several series as lines on one scale. Told apart three ways, so that no eye and no printer loses one: a
 * colour of Okabe and Ito's, a pattern of dashes, and the name at the end of the line. Names that would lie over each other
 * are moved apart and led to their line.
 */
import uPlot from 'uplot';
import type { TimelineAnswer } from '../contract.ts';
import type { Formats } from './format.ts';
import { smoothShares } from './shares.ts';
import { resolveColours } from './theme.ts';

export interface CompareChart {
  show(timelines: readonly TimelineAnswer[]): void;
  destroy(): void;
}

export const SERIES_COLOURS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const;
export const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 3], [14, 4]];

const LABEL_GAP = 15;

export function createCompareChart(
  container: HTMLElement,
  names: readonly string[],
  format: Formats,
  zoomed: (from: number, to: number) => void,
): CompareChart {
  const colours = resolveColours([...SERIES_COLOURS, 'line', 'muted', 'ink'] as const);
  const { fontFamily } = getComputedStyle(container);
  const narrow = container.clientWidth < 500;
  const room = narrow ? 92 : 168;
  let span: [number, number] = [0, 1];
  let most = 0.5;
  const day = new Intl.DateTimeFormat(format.locale, { day: 'numeric', month: 'short' });
  const hour = new Intl.DateTimeFormat(format.locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const colourOf = (index: number): string => colours[SERIES_COLOURS[index % SERIES_COLOURS.length] ?? 'series-1'];
  const axis: uPlot.Axis = {
    stroke: colours.muted,
    font: `11px ${fontFamily}`,
    ticks: { show: false },
    grid: { stroke: colours.line, width: 1 },
  };
  const smooth = uPlot.paths.spline?.();
  const chart = new uPlot(
    {
      width: Math.max(container.clientWidth, 200),
      height: 280,
      legend: { show: false },
      padding: [10, room, 0, 0],
      cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { size: 6 } },
      scales: { x: { time: true, range: () => span }, y: { range: () => [0, most] } },
      axes: [
        {
          ...axis,
          size: 26,
          space: 74,
          values: (_, splits) =>
            splits.map((at) => (span[1] - span[0] > 4 * 86_400 ? day : hour).format(new Date(at * 1000))),
        },
        { ...axis, size: 46, incrs: [0.25, 0.5], values: (_, splits) => splits.map((value) => format.share(value)) },
      ],
      series: [
        {},
        ...names.map((_, index): uPlot.Series => ({
          stroke: colourOf(index),
          width: 2,
          dash: [...(DASHES[index % DASHES.length] ?? [])],
          ...(smooth && { paths: smooth }),
          points: { show: false },
        })),
      ],
      hooks: {
        draw: [(drawn) => drawNames(drawn, names, colourOf, `12px ${fontFamily}`, room)],
        setSelect: [
          (drawn) => {
            const { left, width } = drawn.select;
            if (width < 6) return;
            zoomed(drawn.posToVal(left, 'x'), drawn.posToVal(left + width, 'x'));
            drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
      },
    },
    [[], ...names.map(() => [])],
    container,
  );
  const resize = new ResizeObserver(() => {
    const width = Math.max(container.clientWidth, 200);
    if (width !== chart.width) chart.setSize({ width, height: chart.height });
  });
  resize.observe(container);
  return {
    show(timelines) {
      const [first] = timelines;
      if (first === undefined || timelines.length !== names.length) return;
      span = [Date.parse(first.from) / 1000, Date.parse(first.to) / 1000];
      const shares = timelines.map(({ buckets }) => smoothShares(buckets));
      const highest = Math.max(0, ...shares.flat().map((value) => value ?? 0));
      most = Math.max(0.5, Math.min(1, Math.ceil(highest * 5 + 0.2) / 5));
      const at = first.buckets.map((bucket) => Date.parse(bucket.at) / 1000 + first.step_secs / 2);
      chart.setData([at, ...shares]);
    },
    destroy() {
      resize.disconnect();
      chart.destroy();
    },
  };
}

interface Label {
  readonly index: number;
  /** Where its line ends, in pixels of the canvas. */
  readonly x: number;
  readonly at: number;
  y: number;
}

/** Names at the ends of the lines, from top to bottom, none over another. */
function drawNames(
  chart: uPlot,
  names: readonly string[],
  colourOf: (index: number) => string,
  font: string,
  room: number,
): void {
  const { ctx, bbox, data } = chart;
  const ratio = devicePixelRatio;
  const labels = names.flatMap((_, index): Label[] => {
    const values: readonly (number | null | undefined)[] = [...(data[index + 1] ?? [])];
    const last = values.reduce<number>((found, value, place) => (typeof value === 'number' ? place : found), -1);
    const [time, value] = [data[0]?.[last], values[last]];
    if (time === undefined || typeof value !== 'number') return [];
    const at = chart.valToPos(value, 'y', true);
    return [{ index, x: chart.valToPos(time, 'x', true), at, y: at }];
  });
  placeApart(labels, LABEL_GAP * ratio, bbox.top + bbox.height);
  ctx.save();
  ctx.font = font.replace(/^\d+/, (size) => String(Number(size) * ratio));
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.setLineDash([]);
  const right = bbox.left + bbox.width;
  for (const { index, x, at, y } of labels) {
    ctx.strokeStyle = colourOf(index);
    ctx.fillStyle = colourOf(index);
    ctx.lineWidth = ratio;
    ctx.beginPath();
    ctx.moveTo(x, at);
    ctx.lineTo(right + 4 * ratio, y);
    ctx.lineTo(right + 10 * ratio, y);
    ctx.globalAlpha = 0.5;
    ctx.stroke();
    ctx.globalAlpha = 1;
    ctx.fillText(fitted(ctx, names[index] ?? '', (room - 16) * ratio), right + 13 * ratio, y);
  }
  ctx.restore();
}

/** Moves labels down until each has room, then up from the bottom edge. Pure but for `y`. */
export function placeApart(labels: Label[], gap: number, bottom: number): void {
  labels.sort((a, b) => a.y - b.y);
  for (const [index, label] of labels.entries()) {
    const above = labels[index - 1];
    if (above !== undefined) label.y = Math.max(label.y, above.y + gap);
  }
  for (let index = labels.length - 1; index >= 0; index -= 1) {
    const [label, below] = [labels[index], labels[index + 1]];
    if (label !== undefined) label.y = Math.min(label.y, below === undefined ? bottom - gap / 2 : below.y - gap);
  }
}

function fitted(ctx: CanvasRenderingContext2D, name: string, width: number): string {
  if (ctx.measureText(name).width <= width) return name;
  let cut = name;
  while (cut.length > 1 && ctx.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut.trimEnd()}…`;
}
