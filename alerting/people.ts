/**
 * What people said, as alerting knows it: the table of actions (core/action.ts) read every few seconds, kept in the state
 * so that a silence holds while the store is away and after a restart. Each action takes effect once: its id is written
 * down in the transaction that holds its effect.
 */
import {
  actionFromRow,
  actionRequestSchema,
  silencesOf,
  type Action,
  type ActionRow,
  type Silence,
} from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import { toTidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../core/store/store.ts';

export interface People {
  /** Reads what is new in the store; a store that does not answer changes nothing. */
  poll(): Promise<void>;
  /** Actions that were read and not taken yet, oldest first; silences and acknowledgements hold from now on. */
  take(): readonly Action[];
  /** Writes down that they took effect. Call within State.transaction. */
  save(actions: readonly Action[]): void;
  silences(now: number): readonly Silence[];
  isAcknowledged(alertId: string): boolean;
}

/** Writers' clocks may differ by that much without an action being missed. */
const CLOCK_SKEW_MS = 10 * 60_000;
/** Longer than any alert lives, and than a process is away. */
const KEPT_MS = 60 * 86_400_000;

export function openPeople(
  state: State,
  store: Store,
  { clock, log, metrics }: { clock: Clock; log: Logger; metrics: StageMetrics },
): People {
  const table = state.table<Action>('alerting.actions');
  const forgotten = state.table<number>('alerting.actions_forgotten');
  const known = new Map<string, Action>();
  const waiting = new Map<string, Action>();
  for (const { key, value } of table.entries()) known.set(key, value);
  const refused = refusedOf(known.values());
  const told = new Set<string>();
  let acknowledged = acknowledgedOf(known.values());
  let failing = false;

  /** Time of the last action that was forgotten: as new, it must not take effect again where the clock is far behind. */
  const forgottenUntil = (): number => forgotten.get('until') ?? -1;

  /** When somebody last did something. Not later than now: one action of a clock that was ahead must not hide what follows. */
  function lastActed(): number {
    const newest = Math.max(0, ...[...known.values()].map(({ at }) => Date.parse(at)));
    return Math.min(newest, clock.now());
  }

  /** The end of a silence is kept for as long as the silence: forgotten before it, it would let the silence come back. */
  function holdsUntil({ at, request }: Action): number {
    const silence = request.kind === 'expire' ? known.get(request.silence_id)?.request : request;
    return Math.max(Date.parse(at), silence?.kind === 'silence' ? Date.parse(silence.ends_at) : -Infinity);
  }

  function holds({ id, state }: Silence): boolean {
    const reason = state === 'expired' ? undefined : refused.get(id);
    if (reason === undefined) return state !== 'expired';
    if (!told.has(id)) log.warn(`The silence ${id} holds no more, set another in its place: ${reason}`);
    told.add(id);
    return false;
  }

  function parse(row: ActionRow): Action | null {
    try {
      return actionFromRow(row);
    } catch (error) {
      metrics.error('input.invalid');
      log.warn(`The action ${row.id} is of a form that this version does not know: ${toTidewatchError(error).message}`);
      return null;
    }
  }

  return {
    async poll() {
      try {
        const from = isoTime(Math.max(forgottenUntil() + 1, lastActed() - CLOCK_SKEW_MS));
        const rows = await store.query<ActionRow>(
          'SELECT id, at, kind, author, via, target, body FROM actions WHERE at >= parseDateTime64BestEffort({from:String}, 3) ORDER BY at, id',
          { from },
        );
        for (const row of rows) {
          if (known.has(row.id) || waiting.has(row.id)) continue;
          const action = parse(row);
          if (action !== null) waiting.set(row.id, action);
        }
        failing = false;
      } catch (thrown) {
        const error = toTidewatchError(thrown);
        metrics.error(error.code);
        // Once, not every two seconds.
        if (!failing)
          log.warn(`${error.message}; new silences and acknowledgements are not seen until the store answers`);
        failing = true;
      }
    },
    take() {
      const taken = [...waiting.values()];
      for (const action of taken) known.set(action.id, action);
      waiting.clear();
      acknowledged = acknowledgedOf(known.values());
      return taken;
    },
    save(actions) {
      for (const action of actions) void table.put(action.id, action);
      const last = lastActed();
      const old = [...known.values()].filter((action) => holdsUntil(action) < last - KEPT_MS);
      for (const { id } of old) void table.remove(id);
      const until = Math.max(...old.map(({ at }) => Date.parse(at)));
      if (until > forgottenUntil()) void forgotten.put('until', until);
    },
    silences: (now) => silencesOf([...known.values()], now).filter(holds),
    isAcknowledged: (alertId) => acknowledged.has(alertId),
  };
}

/** Silences that an earlier version took and this one refuses, as a matcher of theirs could take for ever; with the reason. */
function refusedOf(actions: Iterable<Action>): Map<string, string> {
  const refused = new Map<string, string>();
  for (const { id, request } of actions) {
    const { error } = actionRequestSchema.safeParse(request);
    if (request.kind === 'silence' && error !== undefined)
      refused.set(id, error.issues.map((one) => one.message).join('; '));
  }
  return refused;
}

function acknowledgedOf(actions: Iterable<Action>): Set<string> {
  const ids = new Set<string>();
  for (const { request } of actions) if (request.kind === 'acknowledge') ids.add(request.alert_id);
  return ids;
}
