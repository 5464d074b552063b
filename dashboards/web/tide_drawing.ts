/** What the tide chart draws by hand on the canvas: open alerts as bands, a level to compare with, the fill of the line. */
import type uPlot from 'uplot';

export interface TideMark {
  /** Epoch seconds. */
  readonly from: number;
  readonly to: number;
  readonly firing: boolean;
}

/** The times in which alerts were open, behind the data, each with a line at its start. */
export function drawBands(chart: uPlot, marks: readonly TideMark[], colour: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const mark of marks) {
    const left = chart.valToPos(mark.from, 'x', true);
    const right = Math.max(chart.valToPos(mark.to, 'x', true), left + 3);
    ctx.globalAlpha = mark.firing ? 0.08 : 0.1;
    ctx.fillStyle = colour;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.globalAlpha = 0.75;
    ctx.fillRect(left, bbox.top, devicePixelRatio, bbox.height);
  }
  ctx.restore();
}

/** The share of the period before as a dashed level to compare with. */
export function drawLevel(chart: uPlot, level: number | null, colour: string): void {
  if (level === null) return;
  const { ctx, bbox } = chart;
  const y = chart.valToPos(level, 'y', true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** The colour of a line, fading towards the axis. `colour` is rgb(...). */
export function fade(chart: uPlot, colour: string): CanvasGradient {
  const { top, height } = chart.bbox;
  const gradient = chart.ctx.createLinearGradient(0, top, 0, top + height);
  const [red, green, blue] = colour.match(/\d+(\.\d+)?/g) ?? ['0', '0', '0'];
  gradient.addColorStop(0, `rgba(${red}, ${green}, ${blue}, 0.34)`);
  gradient.addColorStop(1, `rgba(${red}, ${green}, ${blue}, 0.02)`);
  return gradient;
}
