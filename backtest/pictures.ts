/**
 * Pictures of what a run is worth, as SVG by hand like the timelines: delay of each known event, precision and recall with their
 * intervals, returns after alerts beside their placebo, and a sweep as a curve of recall over alerts a week. Every picture
 * has a text alternative, and every figure in it stands in a table of the report as well.
 */
import { escapeMarkup } from '../core/markup.ts';
import type { Study } from './event_study.ts';
import { MATCH, type Found, type Proportion } from './score.ts';
import type { SweepRow } from './sweep.ts';

const WIDTH = 960;
const NAMES = 260;
const RIGHT = 40;
const ROW = 22;
const AXIS = 26;

/** Hours from the start of each event to when people would have been told; a cross for one that was missed. */
export function delayPicture(found: readonly Found[], nameOf: (one: Found) => string): string {
  const [low, high] = [-24 * MATCH.leadDays, 24 * (MATCH.withinDays + 0.25)];
  const x = scale(low, high);
  const rows = found.map((one, index) => {
    const y = middle(index);
    const told = one.delayHours;
    const mark =
      told === null
        ? `<path class="missing" d="M${x(high) - 4} ${y - 4}l8 8m0 -8l-8 8"><title>missed</title></path>`
        : `<path class="guide" d="M${x(0)} ${y}H${x(told)}"/><circle class="dot" cx="${x(told)}" cy="${y}" r="5"><title>${told.toFixed(1)} h</title></circle>`;
    return `${nameAt(nameOf(one), y)}${mark}`;
  });
  const ticks = [-24, 0, 24, 48, 72, 96, 120].map((hours) => ({ at: x(hours), text: `${hours} h` }));
  return frame(found.length, ticks, [`<path class="zero" d="M${x(0)} 4V${floorOf(found.length)}"/>`, ...rows], {
    label: `Delay from each of ${found.length} known events to when people would have been told; ${found.filter(({ delayHours }) => delayHours === null).length} missed`,
  });
}

/** Shares from 0 to 100% with Wilson's intervals. */
export function proportionPicture(list: readonly { readonly name: string; readonly of: Proportion }[]): string {
  const x = scale(0, 1);
  const rows = list.map(({ name, of: { hits, of, interval } }, index) => {
    const y = middle(index);
    if (interval === null) return `${nameAt(name, y)}<text x="${x(0)}" y="${y + 4}">nothing to count</text>`;
    return (
      `${nameAt(`${name}, ${hits} of ${of}`, y)}<path class="interval" d="M${x(interval[0])} ${y}H${x(interval[1])}"/>` +
      `<circle class="dot" cx="${x(hits / of)}" cy="${y}" r="5"><title>${Math.round((100 * hits) / of)}%</title></circle>`
    );
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => ({ at: x(part), text: `${part * 100}%` }));
  return frame(list.length, ticks, rows, { label: 'Recall and precision with 95% intervals' });
}

/** Mean return by days after the alert with its interval, over the band in which 95% of the placebos lie. */
export function studyPicture({ rows, market }: Study): string {
  const ends = rows.flatMap(({ interval, placeboInterval }) => [...interval, ...placeboInterval]);
  const reach = Math.max(0.001, ...ends.map(Math.abs));
  const x = scale(-reach, reach);
  const drawn = rows.map(({ days, mean, interval, placebo, placeboInterval }, index) => {
    const y = middle(index);
    const [from, to] = placeboInterval;
    return (
      nameAt(`${days} trading day${days === 1 ? '' : 's'}`, y) +
      `<rect class="placebo" x="${x(from)}" y="${y - 8}" width="${round(x(to) - x(from))}" height="16"><title>placebo ${percent(from)} to ${percent(to)}</title></rect>` +
      `<path class="usual" d="M${x(placebo)} ${y - 8}v16"/><path class="interval" d="M${x(interval[0])} ${y}H${x(interval[1])}"/>` +
      `<circle class="dot" cx="${x(mean)}" cy="${y}" r="5"><title>${percent(mean)}</title></circle>`
    );
  });
  const ticks = [-1, -0.5, 0, 0.5, 1].map((part) => ({ at: x(part * reach), text: percent(part * reach) }));
  const zero = `<path class="zero" d="M${x(0)} 4V${floorOf(rows.length)}"/>`;
  return frame(rows.length, ticks, [zero, ...drawn], {
    label: `Mean ${market === null ? 'raw returns' : `returns less those of ${market}`} after alerts, with 95% intervals, beside random days`,
  });
}

/** Recall over alerts a week, one mark a run, those that nobody beats joined: fewer alerts and more events found. */
export function sweepPicture(rows: readonly SweepRow[]): string {
  const height = 240;
  const most = Math.max(0.1, ...rows.map(({ entitiesPerWeek }) => entitiesPerWeek)) * 1.08;
  const x = (value: number): number => round(60 + (value / most) * (WIDTH - 60 - RIGHT));
  const y = (part: number): number => round(height - AXIS - part * (height - AXIS - 16));
  const marked = rows.flatMap((row) => (row.recall.of === 0 ? [] : [{ row, part: row.recall.hits / row.recall.of }]));
  const best = marked
    .filter(({ row, part }) =>
      marked.every(
        (other) =>
          other.part < part ||
          (other.part === part
            ? other.row.entitiesPerWeek >= row.entitiesPerWeek
            : other.row.entitiesPerWeek > row.entitiesPerWeek),
      ),
    )
    .toSorted((a, b) => a.row.entitiesPerWeek - b.row.entitiesPerWeek);
  const line = best.map(({ row, part }) => `${x(row.entitiesPerWeek)},${y(part)}`).join(' ');
  const dots = marked.map(({ row, part }) => {
    const told = `${row.settings.join(' ')}: ${row.entitiesPerWeek.toFixed(2)} a week, ${row.recall.hits} of ${row.recall.of}${row.medianDelayHours === null ? '' : `, median delay ${row.medianDelayHours.toFixed(1)} h`}`;
    return `<circle class="dot" cx="${x(row.entitiesPerWeek)}" cy="${y(part)}" r="4"><title>${escapeMarkup(told)}</title></circle>`;
  });
  const across = [0, 0.25, 0.5, 0.75, 1].map((part) => part * most);
  const ticks = [
    ...across.map(
      (value) => `<text x="${x(value)}" y="${height - 6}" text-anchor="middle">${value.toFixed(2)} a week</text>`,
    ),
    ...[0, 0.5, 1].map((part) => `<text x="52" y="${y(part) + 4}" text-anchor="end">${part * 100}%</text>`),
  ];
  const axis = `<g class="axis"><path d="M60 ${y(1)}V${y(0)}H${WIDTH - RIGHT}" fill="none"/>${ticks.join('')}</g>`;
  return svg(height, `Recall over alerts a week on entities, ${marked.length} runs`, [
    axis,
    best.length > 1 ? `<polyline class="share" points="${line}"/>` : '',
    ...dots,
  ]);
}

function frame(
  count: number,
  ticks: readonly { at: number; text: string }[],
  parts: readonly string[],
  { label }: { label: string },
): string {
  const floor = floorOf(count);
  const marks = ticks.map(
    ({ at, text }) =>
      `<path d="M${at} ${floor}v4"/><text x="${at}" y="${floor + 17}" text-anchor="middle">${text}</text>`,
  );
  return svg(floor + AXIS, label, [
    `<g class="axis"><path d="M${NAMES} ${floor}H${WIDTH - RIGHT}"/>${marks.join('')}</g>`,
    ...parts,
  ]);
}

function svg(height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeMarkup(label)}">${parts.join('')}</svg>`;
}

function nameAt(name: string, y: number): string {
  const short = name.length > 40 ? `${name.slice(0, 39)}…` : name;
  return `<text x="${NAMES - 12}" y="${y + 4}" text-anchor="end">${escapeMarkup(short)}</text>`;
}

function scale(low: number, high: number): (value: number) => number {
  return (value) => round(NAMES + ((value - low) / (high - low)) * (WIDTH - NAMES - RIGHT));
}

function middle(index: number): number {
  return 8 + ROW * (index + 0.5);
}

function floorOf(count: number): number {
  return 8 + ROW * Math.max(1, count) + 2;
}

function percent(part: number): string {
  return `${part > 0 ? '+' : ''}${(part * 100).toFixed(1)}%`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
