/**
 * Pictures of a run as SVG, drawn by hand because a report must open without a network and without scripts: bars of
 * documents a day, the negative share as a line over a week, alerts and events as marks, the price beside them.
 */
import { escapeMarkup } from '../core/markup.ts';
import type { KnownEvent } from './events.ts';
import type { Close } from './prices.ts';
import type { Day, FiredAlert } from './run.ts';

const WIDTH = 960;
const HEIGHT = 170;
const LEFT = 44;
const RIGHT = 44;
const TOP = 14;
const BOTTOM = 24;
const DAY_MS = 86_400_000;

export interface Timeline {
  readonly days: readonly Day[];
  readonly from: number;
  readonly to: number;
  readonly alerts: readonly FiredAlert[];
  readonly events: readonly KnownEvent[];
  readonly prices: readonly Close[];
}

/** @returns an `<svg>` element with a text alternative */
export function timeline({ days, from, to, alerts, events, prices }: Timeline, label: string): string {
  const span = Math.max(DAY_MS, to - from);
  const x = (time: number): number => LEFT + ((time - from) / span) * (WIDTH - LEFT - RIGHT);
  const floor = HEIGHT - BOTTOM;
  const most = Math.max(1, ...days.map(({ documents }) => documents));
  const y = (part: number): number => floor - part * (floor - TOP);
  const wide = Math.max(0.6, ((WIDTH - LEFT - RIGHT) * DAY_MS) / span - 0.3);
  const bars = days.map(
    ({ day, documents }) =>
      `<rect x="${round(x(Date.parse(day)))}" y="${round(y(documents / most))}" width="${round(wide)}" height="${round(floor - y(documents / most))}"/>`,
  );
  const shares = weekly(days).map(({ at, share }) => `${round(x(at))},${round(y(share))}`);
  const marks = [
    ...events.map(
      ({ at, what }) =>
        `<path class="event" d="M${round(x(at))} ${floor}V${TOP}"><title>${escapeMarkup(`${new Date(at).toISOString().slice(0, 10)} ${what}`)}</title></path>`,
    ),
    ...alerts.map(
      ({ at, severity, headlines }) =>
        `<path class="alert ${severity}" d="M${round(x(at))} ${TOP + 8}l-5 -9h10z"><title>${escapeMarkup(`${new Date(at).toISOString().slice(0, 16)} ${severity}: ${headlines[0]?.title ?? ''}`)}</title></path>`,
    ),
  ];
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(label)}">`,
    `<g class="axis">${years(from, to, x, floor)}<text x="${LEFT - 6}" y="${TOP + 4}" text-anchor="end">${most}</text><text x="${LEFT - 6}" y="${floor}" text-anchor="end">0</text><text x="${WIDTH - RIGHT + 6}" y="${TOP + 4}">100%</text></g>`,
    `<g class="bars">${bars.join('')}</g>`,
    shares.length > 1 ? `<polyline class="share" points="${shares.join(' ')}"/>` : '',
    priceLine(prices, from, to, x, y),
    ...marks,
    '</svg>',
  ].join('');
}

/** The negative share of each week with documents, at its middle: a day of two documents says nothing. */
function weekly(days: readonly Day[]): { at: number; share: number }[] {
  const weeks = new Map<number, { documents: number; negative: number }>();
  for (const { day, documents, negative } of days) {
    const week = Math.floor(Date.parse(day) / (7 * DAY_MS));
    const sum = weeks.get(week) ?? { documents: 0, negative: 0 };
    weeks.set(week, { documents: sum.documents + documents, negative: sum.negative + negative });
  }
  return [...weeks].map(([week, { documents, negative }]) => ({
    at: (week + 0.5) * 7 * DAY_MS,
    share: negative / documents,
  }));
}

function priceLine(
  prices: readonly Close[],
  from: number,
  to: number,
  x: (time: number) => number,
  y: (part: number) => number,
): string {
  const shown = prices.filter(({ day }) => Date.parse(day) >= from && Date.parse(day) <= to);
  if (shown.length < 2) return '';
  const low = Math.min(...shown.map(({ close }) => close));
  const high = Math.max(...shown.map(({ close }) => close));
  const points = shown.map(
    ({ day, close }) => `${round(x(Date.parse(day)))},${round(y(high === low ? 0.5 : (close - low) / (high - low)))}`,
  );
  return `<polyline class="price" points="${points.join(' ')}"><title>price ${low} to ${high}</title></polyline>`;
}

function years(from: number, to: number, x: (time: number) => number, floor: number): string {
  const months = (to - from) / (30 * DAY_MS);
  const step = months > 30 ? 6 : months > 12 ? 3 : 1;
  const marks: string[] = [];
  const start = new Date(from);
  for (let month = start.getUTCMonth() + 1; ; month += 1) {
    const at = Date.UTC(start.getUTCFullYear(), month, 1);
    if (at > to) break;
    if (new Date(at).getUTCMonth() % step !== 0) continue;
    marks.push(
      `<path d="M${round(x(at))} ${floor}v4"/><text x="${round(x(at))}" y="${floor + 16}" text-anchor="middle">${new Date(at).toISOString().slice(0, 7)}</text>`,
    );
  }
  return marks.join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
