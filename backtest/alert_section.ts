/** What each alert showed its reader: counts against the expected, a chart of the windows, headlines, words, whose words they are, how sure the labels. */
import { escapeMarkup } from '../core/markup.ts';
import type { FiredAlert, Shown } from './run.ts';

const WIDTH = 420;
const HEIGHT = 84;
const FLOOR = HEIGHT - 4;

export function alertSection(list: readonly FiredAlert[]): string {
  if (list.length === 0) return '<section><h2>Alerts</h2><p class="note">None fired.</p></section>';
  return `<section><h2>What each alert showed</h2><ol class="alerts">${list.map(alertItem).join('')}</ol></section>`;
}

function alertItem(alert: FiredAlert): string {
  const { at, toldAt, name, severity, detector, observed, expected, interval, qValue, headlines, resolvedAt, shown } =
    alert;
  const lines = headlines.map(
    ({ title, source, at: when }) =>
      `<li>${escapeMarkup(title)} <small>${escapeMarkup(source)}, ${escapeMarkup(when.slice(0, 16))}</small></li>`,
  );
  const lasted =
    resolvedAt === null ? 'still firing at the end' : `resolved after ${((resolvedAt - at) / 3_600_000).toFixed(0)} h`;
  const counts =
    `${observed.toFixed(1)} observed, ${expected.toFixed(1)} expected (95% interval ${interval.low.toFixed(1)} to ${interval.high.toFixed(1)})` +
    `${qValue === null ? '' : `, q = ${qValue.toPrecision(2)}`}; told ${minute(toldAt)}, ${lasted}.`;
  return (
    `<li class="${severity}"><h3>${minute(at)} ${escapeMarkup(name)} <small>${severity}, ${escapeMarkup(detector)}</small></h3>` +
    `<p>${counts}</p>${shown === null ? '' : evidence(shown, name)}<ol>${lines.join('')}</ol></li>`
  );
}

function evidence(shown: Shown, name: string): string {
  const { words, topics, events, topAuthors, authors, sources, confidence, unsure } = shown;
  const facts: [string, string][] = [
    ['Words', words.join(', ')],
    ['Topics', topics.join(', ')],
    ['Kinds of event', events.join(', ')],
    ['Authors', `${authors} at ${sources} outlets; the three loudest wrote ${whole(topAuthors)}`],
    ['Labels', `${whole(confidence)} sure on average, ${whole(unsure)} of them under 60%`],
  ];
  const list = facts.flatMap(([label, value]) =>
    value === '' ? [] : [`<dt>${label}</dt><dd>${escapeMarkup(value)}</dd>`],
  );
  return `<div class="shown">${smallChart(shown.chart, name)}<dl>${list.join('')}</dl></div>`;
}

/** A bar a window, the judged one in the colour of alerts, over the band of what was expected. */
function smallChart(points: Shown['chart'], name: string): string {
  if (points.length === 0) return '';
  const most = Math.max(1, ...points.map(({ observed, high }) => Math.max(observed, high)));
  const step = WIDTH / points.length;
  const y = (value: number): number => round(FLOOR - (Math.max(0, value) / most) * (FLOOR - 6));
  const x = (index: number): number => round(step * (index + 0.5));
  const band = [
    ...points.map(({ high }, index) => `${x(index)},${y(high)}`),
    ...points.map(({ low }, index) => `${x(index)},${y(low)}`).toReversed(),
  ];
  const bars = points.map(
    ({ observed, start }, index) =>
      `<rect class="${index === points.length - 1 ? 'judged' : 'past'}" x="${round(step * (index + 0.15))}" y="${y(observed)}" width="${round(step * 0.7)}" height="${round(FLOOR - y(observed))}"><title>${start.slice(0, 16)}: ${observed.toFixed(1)}</title></rect>`,
  );
  const usual = points.map(({ expected }, index) => `${x(index)},${y(expected)}`);
  return (
    `<svg class="small" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(`${name}: windows before the alert and the judged one, over what was expected`)}">` +
    `<polygon class="placebo" points="${band.join(' ')}"/>${bars.join('')}<polyline class="usual" points="${usual.join(' ')}"/></svg>`
  );
}

function minute(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

function whole(part: number): string {
  return `${Math.round(part * 100)}%`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
