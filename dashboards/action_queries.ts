/**
 * What people did about alerts, out of the store: the log itself, the silences in it, and what of it still holds for the alerts of a
 * view. Which silence matches is decided by core/matcher.ts, as alerting decides it: the page and a message never disagree.
 */
import { actionFromRow, silencesOf, type Action, type ActionRow, type Silence } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import type { Alert } from '../core/event.ts';
import { matchesAll, parseMatcher } from '../core/matcher.ts';
import type { Store } from '../core/store/store.ts';
import type { AlertRow } from './contract.ts';

/** Silences, and their ends, that are looked at: the newest. */
const MOST_SILENCES = 10_000;

export interface ActionFilter {
  /** Only what concerns one of these alerts or silences. */
  readonly targets?: readonly string[];
  readonly kinds?: readonly Action['request']['kind'][];
  readonly after?: readonly [at: string, id: string] | null;
  readonly limit: number;
}

/** What people said of an alert that holds now. */
export type Attention = Pick<AlertRow, 'silences' | 'acknowledged'>;

/** What holds now of each of these alerts, by its id. */
export type AttentionOn = (
  alerts: readonly Pick<Alert, 'alert_id' | 'labels'>[],
) => Promise<ReadonlyMap<string, Attention>>;

/** Actions, newest first. */
export async function readActions(
  store: Store,
  { targets, kinds, after = null, limit }: ActionFilter,
): Promise<Action[]> {
  const conditions = [
    ...(targets === undefined ? [] : ['target IN {targets:Array(String)}']),
    ...(kinds === undefined ? [] : ['kind IN {kinds:Array(String)}']),
    ...(after === null ? [] : ['(at, id) < ({at:DateTime64(3)}, {last:String})']),
  ];
  const rows = await store.query<ActionRow>(
    `SELECT id, at, kind, author, via, target, body FROM actions ${conditions.length === 0 ? '' : 'WHERE'}
       ${conditions.join(' AND ')} ORDER BY at DESC, id DESC LIMIT {limit:UInt32}`,
    {
      limit,
      ...(targets !== undefined && { targets }),
      ...(kinds !== undefined && { kinds }),
      ...(after !== null && { at: after[0], last: after[1] }),
    },
  );
  return rows.flatMap((row) => {
    try {
      return [actionFromRow(row)];
    } catch {
      // Of a version that this one does not know.
      return [];
    }
  });
}

/** Silences as they stand at `now`, newest first. */
export async function readSilences(store: Store, now: number): Promise<Silence[]> {
  return silencesOf(await readActions(store, { kinds: ['silence', 'expire'], limit: MOST_SILENCES }), now);
}

export function attentionOn(store: Store, clock: Clock): AttentionOn {
  return async (alerts) => {
    if (alerts.length === 0) return new Map();
    const [silences, acknowledgements] = await Promise.all([
      readSilences(store, clock.now()),
      readActions(store, {
        targets: alerts.map(({ alert_id }) => alert_id),
        kinds: ['acknowledge'],
        limit: MOST_SILENCES,
      }),
    ]);
    const active = silences
      .filter(({ state }) => state === 'active')
      .map((silence) => ({ silence, matchers: silence.matchers.map(parseMatcher) }));
    return new Map(
      alerts.map(({ alert_id, labels }) => [alert_id, attentionOf(alert_id, labels, active, acknowledgements)]),
    );
  };
}

interface ActiveSilence {
  readonly silence: Silence;
  readonly matchers: readonly ReturnType<typeof parseMatcher>[];
}

function attentionOf(
  alertId: string,
  labels: Alert['labels'],
  active: readonly ActiveSilence[],
  acknowledgements: readonly Action[],
): Attention {
  const newest = acknowledgements.find(({ request }) => request.kind === 'acknowledge' && request.alert_id === alertId);
  return {
    silences: active
      .filter(({ matchers }) => matchesAll(matchers, labels))
      .map(({ silence }) => silence)
      .sort((a, b) => (a.ends_at < b.ends_at ? 1 : -1)),
    acknowledged: newest === undefined ? null : { author: newest.author, at: newest.at },
  };
}
