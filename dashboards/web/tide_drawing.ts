/** What the tide chart draws by hand on the canvas: open alerts as bands, what is beyond the usual, the fill of the line. */
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

/** A diamond where the line is above its usual range: by form, not by colour alone. */
export function drawBeyond(chart: uPlot, values: readonly (number | null)[], colour: string): void {
  const { ctx } = chart;
  const times = chart.data[0] ?? [];
  const size = 3.4 * devicePixelRatio;
  ctx.save();
  ctx.fillStyle = colour;
  values.forEach((value, index) => {
    const at = times[index];
    if (value === null || at === undefined) return;
    const [x, y] = [chart.valToPos(at, 'x', true), chart.valToPos(value, 'y', true)];
    ctx.beginPath();
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
    ctx.fill();
  });
  ctx.restore();
}

/** A colour made see-through. `colour` is rgb(...). */
export function soft(colour: string, alpha: number): string {
  const [red, green, blue] = colour.match(/\d+(\.\d+)?/g) ?? ['0', '0', '0'];
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

/** The colour of a line, fading towards the axis. `colour` is rgb(...). */
export function fade(chart: uPlot, colour: string): CanvasGradient {
  const { top, height } = chart.bbox;
  const gradient = chart.ctx.createLinearGradient(0, top, 0, top + height);
  gradient.addColorStop(0, soft(colour, 0.3));
  gradient.addColorStop(1, soft(colour, 0.02));
  return gradient;
}
