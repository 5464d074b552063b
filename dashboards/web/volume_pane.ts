/** The volume below the share: documents as bars, the neutral and negative part of each in front. */
import uPlot from 'uplot';
import type { PaneFrame } from './tide_chart.ts';

export function volumePane(container: HTMLElement, { colours, labels, ...frame }: PaneFrame): uPlot {
  const columns = uPlot.paths.bars?.({ size: [0.78, 48], align: 0 });
  const bars = (colour: string): uPlot.Series => ({
    fill: colour,
    width: 0,
    ...(columns && { paths: columns }),
    points: { show: false },
  });
  return new uPlot(
    {
      ...frame.common,
      height: container.clientWidth < 500 ? 120 : 136,
      scales: { x: frame.xScale, y: { range: (_, __, most) => [0, Math.max(4, most * 1.05)] } },
      axes: [
        {
          ...frame.axis,
          grid: { show: false },
          size: 26,
          space: 74,
          values: (_, splits) => {
            const [from, to] = frame.span();
            return splits.map((at) => (nearEnd(at, frame.span()) ? '' : labels.tick(at, to - from)));
          },
        },
        {
          ...frame.axis,
          size: 46,
          space: 34,
          values: (_, splits) => splits.map((value) => (Number.isInteger(value) ? labels.count(value) : '')),
        },
      ],
      series: [{}, bars(colours.positive), bars(colours.neutral), bars(colours.negative)],
      hooks: { drawClear: [frame.bands], setSelect: [frame.setSelect] },
    },
    [[], [], [], []],
    container,
  );
}

/** A label here would be cut off by the edge. */
function nearEnd(at: number, [from, to]: readonly [number, number]): boolean {
  return to - at < (to - from) * 0.025;
}
