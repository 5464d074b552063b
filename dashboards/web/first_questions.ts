/**
 * What the pages that hold charts and lists ask of the API for their first view, by their address: the pages themselves ask by this,
 * and what runs before them (early.ts) asks the same, so that the answers are on their way while the page's script is still read.
 */
import { listSpan, queryOf, spanQuery, stepSecs, type Address } from './address.ts';

/** Rows of the list of opinions that are fetched at once. */
const PAGE = 40;
/** Alerts that are fetched at once: the API's most. */
const ALERTS = '200';
/** Two weeks by eight hours, as the detectors' windows are. */
const STEPS = 42;

/** The list's own question, without the cursor of a later page. */
export function opinionsQuery(address: Address, limit = PAGE): string {
  const { entity, topic, sentiment, language, source, q } = address;
  const filters = { entity, topic, sentiment, language, source, q: q.trim() };
  return queryOf({ ...spanQuery(listSpan(address)), ...filters, limit: String(limit) });
}

export interface OverviewQuestions {
  readonly timeline: string;
  readonly entities: string;
  readonly topics: string;
  readonly alerts: string;
  readonly silences: string;
}

export function overviewQuestions(address: Address): OverviewQuestions {
  const { entity, topic } = address;
  const span = spanQuery(address);
  // One company says less than all: its bars would be slivers in the steps of all.
  const step_secs = entity === null && topic === null ? null : stepSecs(address, STEPS);
  return {
    timeline: `/api/timeline?${queryOf({ ...span, entity, topic, step_secs })}`,
    entities: `/api/series?${queryOf({ kind: 'entity', ...span, topic })}`,
    topics: `/api/series?${queryOf({ kind: 'topic', ...span, entity })}`,
    alerts: `/api/alerts?${queryOf({ ...span, entity, topic, limit: ALERTS })}`,
    silences: '/api/silences',
  };
}

export interface SeriesQuestions {
  readonly timeline: string;
  readonly profile: string;
  readonly alerts: string;
  readonly words: string;
  /** Null for a topic: it has none. */
  readonly prices: string | null;
}

export function seriesQuestions(kind: 'entity' | 'topic', id: string, address: Address): SeriesQuestions {
  const query = queryOf({ ...spanQuery(address), [kind]: id });
  return {
    timeline: `/api/timeline?${query}&step_secs=${stepSecs(address, STEPS)}`,
    profile: `/api/profile?${query}`,
    alerts: `/api/alerts?${query}&limit=${ALERTS}`,
    words: `/api/words?${query}`,
    prices: kind === 'entity' ? `/api/prices?${query}` : null,
  };
}
