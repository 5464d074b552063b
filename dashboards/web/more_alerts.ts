/**
 * The alerts of a view beyond the first page, for who wants them: a page more with each press, and all of those anew with each refresh,
 * because new alerts move the ends of pages. Rejected: every page at once (a year of a long watchlist is thousands).
 */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AlertRow, AlertsPage } from '../contract.ts';
import { fetchAnswer, type Remote } from './remote.ts';

/** Pages behind the first one. */
export interface OlderAlerts {
  readonly question: string;
  /** How many pages they are. */
  readonly pages: number;
  readonly alerts: readonly AlertRow[];
  /** Null where they reach the end. */
  readonly next: string | null;
}

export interface ListedAlerts {
  readonly alerts: readonly AlertRow[];
  /** How many of them fire; `isLeast` where there may be more than are here. */
  readonly firing: { readonly count: number; readonly isLeast: boolean };
  /** Whether there are more than are here. */
  readonly more: boolean;
}

/** The first page with the older ones behind it: an alert that moved between two of them is shown once. */
export function listedAlerts(first: AlertsPage, question: string, older: OlderAlerts | null): ListedAlerts {
  const behind = older?.question === question && first.next_cursor !== null ? older : null;
  const known = new Set(first.alerts.map(({ alert_id }) => alert_id));
  const alerts = [...first.alerts];
  for (const alert of behind?.alerts ?? []) {
    if (known.has(alert.alert_id)) continue;
    known.add(alert.alert_id);
    alerts.push(alert);
  }
  const more = (behind === null ? first.next_cursor : behind.next) !== null;
  const count = alerts.filter(({ state }) => state === 'firing').length;
  // What fires comes first: only where the last one here does, more may.
  return { alerts, firing: { count, isLeast: more && count === alerts.length }, more };
}

async function readOlder(question: string, first: string, pages: number, signal: AbortSignal): Promise<OlderAlerts> {
  const alerts: AlertRow[] = [];
  let next: string | null = first;
  for (let page = 0; page < pages && next !== null; page += 1) {
    const answer: AlertsPage = await fetchAnswer(`${question}&cursor=${encodeURIComponent(next)}`, signal);
    alerts.push(...answer.alerts);
    next = answer.next_cursor;
  }
  return { question, pages, alerts, next };
}

export interface MoreAlerts {
  /** Null before the first page is there. */
  readonly listed: ListedAlerts | null;
  readonly loading: boolean;
  /** Wants a page more. */
  load(): void;
}

/** `question` is the address that `first` answers. */
export function useMoreAlerts(first: Remote<AlertsPage>, question: string): MoreAlerts {
  const [wanted, setWanted] = useState({ question, pages: 0 });
  const [older, setOlder] = useState<OlderAlerts | null>(null);
  const pages = wanted.question === question ? wanted.pages : 0;
  const here = older?.question === question ? older.pages : 0;
  const cursor = first.answer?.next_cursor ?? null;
  useEffect(() => {
    if (pages === 0 || cursor === null) return undefined;
    const abort = new AbortController();
    readOlder(question, cursor, pages, abort.signal).then(setOlder, () => {
      // The button stands there still. Where nothing more was wanted, the next refresh asks again.
      if (!abort.signal.aborted && pages > here) setWanted({ question, pages: here });
    });
    return () => abort.abort();
  }, [first.answer, question, pages]);
  const listed = useMemo(
    () => (first.answer === null ? null : listedAlerts(first.answer, question, older)),
    [first.answer, question, older],
  );
  return {
    listed,
    loading: pages > here,
    load: () => setWanted({ question, pages: here + 1 }),
  };
}
