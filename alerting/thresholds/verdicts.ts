/**
 * Verdicts as cases for the bandit: read from the store, weighed by who said them (core/trust: reliability, rate, share), and
 * kept in the state, so that thresholds hold while the store is away and after a restart. All verdicts are read each time: there
 * are few, and what was taken back must go.
 */
import { toTidewatchError } from '../../core/errors.ts';
import { standing, type FeedbackRow, type Verdict } from '../../core/feedback.ts';
import type { Logger } from '../../core/log.ts';
import type { State } from '../../core/state/state.ts';
import { alertFromRow } from '../../core/store/rows.ts';
import type { Store } from '../../core/store/store.ts';
import { guard } from '../../core/trust/guard.ts';
import type { Vote } from '../../core/trust/vote.ts';
import type { Alert } from '../../core/event.ts';
import type { Case } from './bandit.ts';
import { groupOf } from './group.ts';

export interface Verdicts {
  /** What was known last. */
  cases(): readonly Case[];
  /** Reads what people say now; a store that does not answer changes nothing. */
  poll(): Promise<void>;
  /** Writes down what was read. Call within State.transaction. */
  save(): void;
}

const MOST_VERDICTS = 5_000;
const OUTCOMES: Readonly<Record<Verdict, Case['outcome']>> = {
  useful: 'useful',
  late: 'late',
  noise: 'noise',
  wrong: 'noise',
};

/** `level` is that of one tick (discovery.ts); `windowHours` that of the settings. */
export function openVerdicts(
  state: State,
  store: Store,
  { level, windowHours, log }: { level: number; windowHours: number; log: Logger },
): Verdicts {
  const table = state.table<readonly Case[]>('alerting.verdicts');
  let known: readonly Case[] = table.get('cases') ?? [];
  let failing = false;
  return {
    cases: () => known,
    async poll() {
      try {
        known = await readCases(store, level, windowHours);
        failing = false;
      } catch (thrown) {
        // Once, not every time that nobody answers.
        if (!failing) log.warn(`${toTidewatchError(thrown).message}; thresholds stay as they were learned before`);
        failing = true;
      }
    },
    save: () => void table.put('cases', known),
  };
}

/** What people say now, alert by alert. @throws TidewatchError storage.* */
export async function readCases(store: Store, level: number, windowHours: number): Promise<Case[]> {
  const rows = await store.query<FeedbackRow>(
    `SELECT id, at, kind, author, via, document_id, alert_id, value, reason, takes_back, model, model_value
     FROM feedback WHERE kind = 'verdict' ORDER BY at DESC, id DESC LIMIT ${MOST_VERDICTS}`,
  );
  const said = standing(rows);
  const ids = [...new Set(said.map(({ alert_id }) => alert_id))];
  if (ids.length === 0) return [];
  const bodies = await store.query<{ body: string }>(
    `SELECT argMin(body, (state != 'firing', revision)) AS body FROM alerts WHERE alert_id IN {ids:Array(String)}
     GROUP BY alert_id`,
    { ids },
  );
  return casesOf(said, bodies.map(alertFromRow), level, windowHours);
}

/** One case for each alert on which people agree. */
export function casesOf(
  said: readonly FeedbackRow[],
  alerts: readonly Alert[],
  level: number,
  windowHours: number,
): Case[] {
  const byId = new Map(alerts.map((alert) => [alert.alert_id, alert]));
  const votes: Vote[] = said.map(({ id, author, alert_id, value, at }) => ({
    id,
    author,
    target: alert_id,
    kind: 'verdict',
    value,
    at,
    model_value: '',
    probabilities: {},
    entities: [],
  }));
  return guard(votes).accepted.flatMap(({ target, value, weight, votes: own }) => {
    const alert = byId.get(target);
    const outcome = OUTCOMES[value as Verdict];
    if (alert === undefined || alert.q_value === null || outcome === undefined) return [];
    const { measure, expected, expected_share: expectedShare, evidence } = alert;
    const hours =
      evidence === null
        ? windowHours
        : (Date.parse(evidence.window_end) - Date.parse(evidence.window_start)) / 3_600_000;
    const group = groupOf(alert.series.kind, { measure, expected, expectedShare, hours });
    const at = Math.max(...own.map((vote) => Date.parse(vote.at)));
    return [{ group, ratio: alert.q_value / level, outcome, weight, at }];
  });
}
