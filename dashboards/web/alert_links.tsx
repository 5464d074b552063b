/** Where one goes from an alert: to its company, what was said in its window, its sector, the question why; and to the alerts beside it. */
import type { AlertRow, AlertsPage } from '../contract.ts';
import { RANGES, writeAddress, type Address } from './address.ts';
import { alertName } from './alert_range.tsx';
import { overviewQuestions } from './first_questions.ts';
import { useInterface } from './i18n.ts';
import { useRemote } from './remote.ts';
import { routeHref } from './route.ts';

const DAY_MS = 86_400_000;
/** Days that are shown before the window of an alert that lies outside of the view's range. */
const DAYS_BEFORE = 7;

/** The overview of the alert's series with its window listed; the range stays where it covers the window. `now` in epoch milliseconds. */
export function windowAddress(
  address: Address,
  { series: { entity, topic }, evidence }: AlertRow,
  now: number,
): Address | null {
  if (evidence === null) return null;
  const [start, end] = [Date.parse(evidence.window_start), Date.parse(evidence.window_end)];
  const isInRange =
    address.from === null || address.to === null
      ? start >= now - RANGES[address.range] * 1000
      : Date.parse(address.from) <= start && end <= Date.parse(address.to);
  const around = { from: isoTime(start - DAYS_BEFORE * DAY_MS), to: isoTime(end + DAY_MS) };
  return {
    ...address,
    ...(isInRange ? {} : around),
    entity,
    topic,
    list_from: evidence.window_start,
    list_to: evidence.window_end,
    sentiment: null,
    language: null,
    source: null,
    q: '',
    alert: null,
  };
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** The alerts before and behind one, in the order of the list; null where it is the first or the last, or not in it. */
export function neighboursOf(
  alerts: readonly AlertRow[],
  id: string,
): { readonly previous: AlertRow | null; readonly next: AlertRow | null } {
  const at = alerts.findIndex(({ alert_id }) => alert_id === id);
  if (at < 0) return { previous: null, next: null };
  return { previous: alerts[at - 1] ?? null, next: alerts[at + 1] ?? null };
}

interface AlertLinksProps {
  readonly alert: AlertRow;
  readonly address: Address;
  readonly version: number;
}

export function AlertLinks({ alert, address, version }: AlertLinksProps) {
  const { text, format, language } = useInterface();
  const { entity, topic } = alert.series;
  // The same question as the overview's, so that the order is the one that the reader knows.
  const { answer } = useRemote<AlertsPage>(overviewQuestions(address).alerts, version);
  const { previous, next } = neighboursOf(answer?.alerts ?? [], alert.alert_id);
  const listed = windowAddress(address, alert, Date.now());
  const sector = alert.labels['level'] === 'member' ? alert.labels['sector'] : undefined;
  const day = new Intl.DateTimeFormat(format.locale, { dateStyle: 'long' });
  const since = day.format(new Date(alert.evidence?.window_start ?? alert.started_at));
  return (
    <nav class="series-links" aria-label={text.alert_links}>
      {entity !== null && (
        <a class="link" href={routeHref('entity', entity)}>
          {text.company_page}
        </a>
      )}
      {entity === null && topic !== null && (
        <a class="link" href={routeHref('topic', topic)}>
          {text.topic_page}
        </a>
      )}
      {(entity !== null || topic !== null) && listed !== null && (
        <a class="link" href={`${writeAddress(listed)}#/`}>
          {text.window_opinions}
        </a>
      )}
      {entity !== null && sector !== undefined && (
        <a class="link" href={routeHref('compare', `${entity},${sector}`)}>
          {text.compare_sector}
        </a>
      )}
      {(entity !== null || topic !== null) && (
        <a class="link" href={routeHref('find', text.ask_why_question(alertName(alert, language), since))}>
          {text.ask_why}
        </a>
      )}
      <span class="neighbours">
        <Neighbour alert={previous} name="previous-alert">
          <span aria-hidden="true">‹ </span>
          {text.previous_alert}
        </Neighbour>
        <Neighbour alert={next} name="next-alert">
          {text.next_alert}
          <span aria-hidden="true"> ›</span>
        </Neighbour>
      </span>
    </nav>
  );
}

/** Its place is kept where there is none: what stands below would move when the list comes. */
function Neighbour({
  alert,
  name,
  children,
}: {
  alert: AlertRow | null;
  name: string;
  children: preact.ComponentChildren;
}) {
  const { language } = useInterface();
  if (alert === null) return <span class="muted">{children}</span>;
  return (
    <a class={`link ${name}`} href={routeHref('alert', alert.alert_id)} title={alertName(alert, language)}>
      {children}
    </a>
  );
}
