/**
 * An alert's chart as one SVG text: bars for what was observed in each window, the judged one in red with a mark, a line for
 * what was expected and its 95% band. Pure; every text is escaped, nothing is loaded from elsewhere. The PNG for mail and
 * chat, which show no SVG, is chart_png.ts.
 */
import { escapeMarkup } from '../core/markup.ts';
import type { Alert } from '../core/event.ts';

export interface ChartOptions {
  readonly language?: 'en' | 'zh';
  /** Pixels. */
  readonly width?: number;
  readonly height?: number;
}

const MARGIN = { left: 44, right: 12, top: 28, bottom: 24 };

/** The picture, or null where the alert has no evidence to draw. */
export function alertChart(
  { evidence, measure, name }: Pick<Alert, 'evidence' | 'measure' | 'name'>,
  { language = 'en', width = 640, height = 220 }: ChartOptions = {},
): string | null {
  const points = evidence?.chart ?? [];
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const most = Math.max(1, ...points.map(({ observed, high, expected }) => Math.max(observed, high, expected)));
  const step = (width - MARGIN.left - MARGIN.right) / points.length;
  const left = (index: number): number => round(MARGIN.left + index * step);
  const level = (value: number): number =>
    round(height - MARGIN.bottom - (Math.max(0, value) / most) * (height - MARGIN.top - MARGIN.bottom));
  const floor = level(0);
  const middle = (index: number): number => round(left(index) + step / 2);
  const band = [
    ...points.map(({ high }, index) => `${middle(index)},${level(high)}`),
    ...points.map(({ low }, index) => `${middle(index)},${level(low)}`).reverse(),
  ].join(' ');
  const usual = points.map(({ expected }, index) => `${middle(index)},${level(expected)}`).join(' ');
  const bars = points.map(({ observed }, index) => {
    const judged = index === points.length - 1;
    const top = level(observed);
    return `<rect x="${round(left(index) + step * 0.15)}" y="${top}" width="${round(step * 0.7)}" height="${round(floor - top)}" fill="${judged ? '#c83030' : '#587896'}"/>`;
  });
  const end = points.length - 1;
  const mark = `<path d="M${middle(end)} ${Math.max(8, level(last.observed) - 4)}l-5 -8h10z" fill="#c83030"/>`;
  const title = titleOf(name, measure, language);
  const day = (iso: string): string => iso.slice(0, 10);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="16" fill="#1e2832">${escapeMarkup(title)}</text>`,
    `<polygon points="${band}" fill="#e2e9f0"/>`,
    ...bars,
    `<polyline points="${usual}" fill="none" stroke="#1e2832" stroke-width="1.5"/>`,
    mark,
    `<path d="M${MARGIN.left} ${floor}H${width - MARGIN.right}" stroke="#bec6ce"/>`,
    `<g fill="#5a6672"><text x="${MARGIN.left - 6}" y="${level(most) + 4}" text-anchor="end">${round(most)}</text>`,
    `<text x="${MARGIN.left - 6}" y="${floor + 4}" text-anchor="end">0</text>`,
    `<text x="${MARGIN.left}" y="${height - 8}">${day(first.start)}</text>`,
    `<text x="${width - MARGIN.right}" y="${height - 8}" text-anchor="end">${day(last.end)}</text></g>`,
    '</svg>',
  ].join('');
}

function titleOf(name: string, measure: Alert['measure'], language: 'en' | 'zh'): string {
  const all = measure === 'stories';
  if (language === 'zh') return `${name}：每个窗口的${all ? '报道' : '负面报道'}数，线为预期，带为95%区间`;
  return `${name}: ${all ? 'stories' : 'negative stories'} a window; line expected, band 95%`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
