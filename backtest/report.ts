/**
 * The report: one HTML file that opens without a network or scripts, and the same facts as JSON. It says what it cannot
 * say: too few events or alerts for a rate, a list of events that is not complete, a watchlist chosen in hindsight.
 */
import { escapeMarkup } from '../core/markup.ts';
import { alertSection } from './alert_section.ts';
import type { Study } from './event_study.ts';
import { feedNotes, type LinesLeftOut } from './feed_notes.ts';
import { timeline } from './drawing.ts';
import { weeksOf } from './period.ts';
import type { Prices } from './prices.ts';
import type { Nearest } from './nearest.ts';
import { delayPicture, proportionPicture, sweepPicture } from './pictures.ts';
import type { Run } from './run.ts';
import { MATCH, type Proportion, type Score } from './score.ts';
import { STYLE } from './report_style.ts';
import { studySection } from './study_section.ts';
import type { FailedRun, SweepRow } from './sweep.ts';

export interface Report {
  readonly run: Run;
  /** What the reading of the feed left out; null where it is not known. */
  readonly lines: LinesLeftOut | null;
  /** Zone in which times without one were read; null: UTC. */
  readonly timeZone: string | null;
  readonly score: Score | null;
  readonly study: Study | null;
  readonly sweep: readonly SweepRow[];
  /** Runs of the sweep that came to nothing. */
  readonly failed: readonly FailedRun[];
  readonly prices: Prices;
  /** What is to be known about the prices. */
  readonly priceNotes: readonly string[];
  readonly names: (key: string) => string;
}

/** The facts as JSON, with sorted series and two-space indent: the same bytes for the same run. */
export function reportJson({ run, lines, timeZone, score, study, priceNotes, sweep, failed }: Report): string {
  const days = Object.fromEntries(run.days);
  const facts = { ...run, lines, timeZone, days, rule: MATCH, score, study, priceNotes, sweep, failed };
  return `${JSON.stringify(facts, null, 2)}\n`;
}

export function reportHtml(report: Report): string {
  const { run, score, study, sweep, failed } = report;
  const sections = [
    summary(report),
    score === null ? '' : events(score, report),
    timelines(report),
    study === null ? '' : studySection(study, report.priceNotes),
    sweep.length + failed.length === 0 ? '' : tradeOff(sweep, failed),
    alertSection(run.alerts),
    howMade(run),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>Backtest of ${escapeMarkup(run.feed)}</title><style>${STYLE}</style></head><body><main>${sections.join('')}</main></body></html>\n`;
}

function howMade({ feed, model, settings, tellingMs }: Run): string {
  const minutes = Math.round(tellingMs / 60_000);
  return (
    `<section><h2>How this was made</h2><p>Feed <code>${escapeMarkup(feed)}</code>, model <code>${escapeMarkup(model)}</code>, settings <code>${escapeMarkup(settings)}</code>. ` +
    `The alerts are those of the live pipeline under event time: documents entered in the order of the feed, each at the moment it was published or fetched, and no later document is known to an earlier alert. ` +
    `Documents are judged at the time their source gave; a feed that gives only dates is judged once a day, at the day's start.</p>` +
    `<p>An alert bears the end of the bucket that fired it. People hear of it ${minutes} minutes later at the earliest (allowed_lateness_mins and group_wait_secs); delays, and the closes that returns begin with, count from that moment. What a slow feed or a busy machine adds is not in it.</p></section>`
  );
}

function summary({ run, lines, timeZone, score }: Report): string {
  const fired = run.alerts.length;
  const weeks = weeksOf(Date.parse(run.period.from), Date.parse(run.period.to));
  const facts: [string, string][] = [
    [run.documents.toLocaleString('en'), 'documents'],
    [`${run.from.slice(0, 10)} – ${run.to.slice(0, 10)}`, 'period'],
    [String(fired), `alerts, ${(fired / weeks).toFixed(2)} a week`],
  ];
  if (score !== null) {
    facts.push([percentOf(score.recall), `of known events found (${score.recall.hits} of ${score.recall.of})`]);
    facts.push([
      percentOf(score.precision),
      `of alerts on their entities explained by one (${score.precision.hits} of ${score.precision.of})`,
    ]);
    if (score.medianDelayHours !== null)
      facts.push([`${score.medianDelayHours.toFixed(1)} h`, 'median delay until people are told']);
  }
  const notes = feedNotes(run, lines, timeZone).map((note) => `<p class="note">${escapeMarkup(note)}</p>`);
  return `<header><h1>Backtest of ${escapeMarkup(run.feed)}</h1><ul class="facts">${facts.map(([value, name]) => `<li><b>${escapeMarkup(value)}</b> ${escapeMarkup(name)}</li>`).join('')}</ul>${notes.join('')}</header>`;
}

function events(score: Score, { run, names }: Report): string {
  const notes: string[] = [];
  if (score.recall.of === 0)
    notes.push('No known event lies within this period on a watched entity: nothing can be said about recall.');
  else if (score.recall.of < 20)
    notes.push(`${score.recall.of} events are few: the 95% interval of the recall is ${range(score.recall)}.`);
  if (score.precision.of > 0)
    notes.push(
      `The list of events is not the list of all bad news: an alert that it does not explain may still be right, so the precision (95% interval ${range(score.precision)}) is a lower bound.`,
    );
  if (score.unwatched > 0)
    notes.push(`${score.unwatched} events are about entities that are not on the watchlist and are left out.`);
  if (score.outside > 0)
    notes.push(
      `Events left out, because they lie outside of the time of this run, ${run.period.from.slice(0, 10)} to ${run.period.to.slice(0, 10)}: ${score.outside}.`,
    );
  const rows = score.events
    .filter(({ inPeriod }) => inPeriod)
    .map(({ event, alert, delayHours, nearest }) => {
      const result =
        event.entity === null
          ? '<td class="quiet">not watched</td>'
          : alert === null
            ? `<td class="missed">missed${whyNot(nearest)}</td>`
            : `<td class="found">${escapeMarkup(alert.severity)}, ${delayHours === null ? '' : delay(delayHours)}</td>`;
      return `<tr><td>${new Date(event.at).toISOString().slice(0, 10)}</td><td>${escapeMarkup(event.entity === null ? event.named : names(`entity:${event.entity}`))}</td><td>${escapeMarkup(event.what)}</td>${result}</tr>`;
    });
  const judged = score.events.filter(({ inPeriod, event }) => inPeriod && event.entity !== null);
  const pictures =
    judged.length === 0
      ? ''
      : `<figure><figcaption>Found, and right</figcaption>${proportionPicture([
          { name: 'Known events found', of: score.recall },
          { name: 'Alerts explained by one', of: score.precision },
        ])}</figure><figure><figcaption>From the event to being told (dot), or missed (cross)</figcaption>${delayPicture(judged, ({ event }) => `${new Date(event.at).toISOString().slice(0, 10)} ${names(`entity:${event.entity ?? ''}`)}`)}</figure>`;
  return `<section><h2>Known events</h2><p>An alert finds an event when it is about the same entity and fires from ${MATCH.leadDays} day before its start to ${MATCH.withinDays} days after it; the rule was fixed before any run.</p>${notes.map((note) => `<p class="note">${escapeMarkup(note)}</p>`).join('')}${pictures}<table><thead><tr><th>Date</th><th>Entity</th><th>What</th><th>Result</th></tr></thead><tbody>${rows.join('')}</tbody></table></section>`;
}

/** The window that came nearest to an alert, step by step. */
function whyNot(nearest: Nearest | null): string {
  if (nearest === null) return '';
  const steps = nearest.reasons.map((reason) => `<li>${escapeMarkup(reason)}</li>`);
  return `<details><summary>nearest ${new Date(nearest.at).toISOString().slice(0, 16).replace('T', ' ')}, score ${nearest.score.toFixed(1)}</summary><ul>${steps.join('')}</ul></details>`;
}

const MOST_TIMELINES = 40;

function timelines({ run, score, prices, names }: Report): string {
  const from = Date.parse(run.from);
  const to = Date.parse(run.to);
  const keys = [...run.days.keys()];
  const drawn = keys.slice(0, MOST_TIMELINES).map((key) => {
    const own = run.alerts.filter((alert) => alert.key === key);
    const entity = key.startsWith('entity:') ? key.slice(7) : null;
    const known = (score?.events ?? [])
      .filter(({ event }) => event.entity === entity && entity !== null)
      .map(({ event }) => event);
    const picture = {
      days: run.days.get(key) ?? [],
      from,
      to,
      alerts: own,
      events: known,
      prices: prices.get(entity ?? '') ?? [],
    };
    const label = `${names(key)}: documents a day, negative share, ${own.length} alerts, ${known.length} known events`;
    return `<figure><figcaption>${escapeMarkup(names(key))}</figcaption>${timeline(picture, label)}</figure>`;
  });
  const left =
    keys.length > MOST_TIMELINES
      ? `<p class="note">${keys.length - MOST_TIMELINES} more series are in report.json.</p>`
      : '';
  return `<section><h2>Timelines</h2><p class="legend"><span class="k bars"></span> documents a day <span class="k share"></span> negative share, by week <span class="k alert"></span> alert <span class="k event"></span> known event <span class="k price"></span> price</p>${drawn.join('')}${left}</section>`;
}

function tradeOff(sweep: readonly SweepRow[], failed: readonly FailedRun[]): string {
  const lines = sweep.map(
    ({ settings, alerts: count, alertsPerWeek, entitiesPerWeek, recall, precision, medianDelayHours }) =>
      `<tr><td><code>${escapeMarkup(settings.join(' '))}</code></td><td>${count}</td><td>${alertsPerWeek.toFixed(2)}</td><td>${entitiesPerWeek.toFixed(2)}</td><td>${percentOf(recall)}</td><td>${percentOf(precision)}</td><td>${medianDelayHours === null ? '–' : `${medianDelayHours.toFixed(1)} h`}</td></tr>`,
  );
  const broken = failed.map(
    ({ settings, error }) => `<li><code>${escapeMarkup(settings.join(' '))}</code>: ${escapeMarkup(error)}</li>`,
  );
  const lost = broken.length === 0 ? '' : `<p class="missed">Runs that failed:</p><ul>${broken.join('')}</ul>`;
  const hasEvents = sweep.some(({ recall }) => recall.of > 0);
  return `<section><h2>Sweep</h2><p class="note">The best row of a sweep is the best of many tries on one history: choose on one period, judge on another.</p>${lost}${hasEvents ? `<figure><figcaption>Recall over alerts a week on entities</figcaption>${sweepPicture(sweep)}</figure>` : ''}<table><thead><tr><th>Settings</th><th>Alerts</th><th>A week</th><th>On entities</th><th>Recall</th><th>Precision</th><th>Median delay</th></tr></thead><tbody>${lines.join('')}</tbody></table></section>`;
}

function delay(hours: number): string {
  return hours < 0 ? `${Math.abs(hours).toFixed(1)} h before` : `after ${hours.toFixed(1)} h`;
}

function percentOf({ hits, of }: Proportion): string {
  return of === 0 ? '–' : `${Math.round((hits / of) * 100)}%`;
}

function range({ interval }: Proportion): string {
  return interval === null ? '–' : `${Math.round(interval[0] * 100)}% to ${Math.round(interval[1] * 100)}%`;
}
