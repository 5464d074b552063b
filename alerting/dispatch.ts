/**
 * When whom is told of what: grouping, waiting, repeating, as Alertmanager's dispatcher and its log of notifications do it
 * (dispatch/dispatch.go, notify/notify.go: DedupStage), as one pure machine that is told the time.
 *
 * - Alerts that agree in the labels of `group_by` are one group, and one message. A new group waits `group_wait` for
 *   company; after that its news go out every `group_interval`. A rise in severity waits only `group_wait`.
 * - Each notifier has its own account of what it was told. News are: an alert it was not told of, a higher severity, the
 *   end of one that it was told of. Without news it is told again after `repeat_interval`, unless somebody acknowledged.
 * - What is muted (muting.ts) is not told, and its end neither; where it still fires when unmuted, it is.
 * - What fired and ended before anybody could be told (a process that catches up has hours pass in one second) is told once, as
 *   past. Alertmanager drops it; there no alert ends that fast. What was as short in its own time is written down only, and
 *   so is what ended long ago (a source that brings years of history is no news).
 *
 * Rejected: sending each change at once (six messages for one incident), and a timer a group (a replay has no timers).
 */
import type { Alert } from '../core/event.ts';
import type { Muted, Mute } from './muting.ts';
import { notificationOf, type Notification } from './notification.ts';

export interface DispatchRules {
  readonly groupBy: readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatMs: number;
  /** What fired and ended with nobody told is told if it ended no longer ago than that. */
  readonly tellPastMs: number;
  /** States that are sent. */
  readonly send: ReadonlySet<Alert['state']>;
}

/** A notifier as the dispatcher sees it. */
export interface Recipient {
  readonly name: string;
  /** Tell it again that often what fires, acknowledged or not: for receivers that forget. */
  readonly refreshMs?: number | undefined;
}

interface Account {
  /** When it was last told something, epoch milliseconds. */
  at: number;
  /** Repeats so far. Never set back, as it is in their ids: an id used twice would be taken for one told already. */
  repeats: number;
  alerts: Record<string, { readonly state: Alert['state']; readonly severity: Alert['severity'] }>;
}

/** Plain data: it is written down as it is. */
export interface Group {
  readonly key: string;
  readonly labels: Readonly<Record<string, string>>;
  alerts: Record<string, Alert>;
  flushAt: number;
  accounts: Record<string, Account>;
  /** Revision of each alert whose muting was already reported. */
  muted: Record<string, number>;
  /** Alerts that fired and ended with nobody told; absent in what an earlier version wrote. */
  past?: Record<string, true>;
}

export type Groups = Map<string, Group>;

export interface Sending {
  readonly notifier: string;
  readonly notification: Notification;
}

export interface Suppressed {
  readonly alert: Alert;
  readonly muted: Muted | OverBeforeTold;
}

/** An alert that fired and ended before anybody was told, and is not worth telling, or not to be. */
interface OverBeforeTold {
  readonly reason: 'over_before_told';
  /** How long it lasted, or when it ended. */
  readonly by: string;
}

export interface Outcome {
  readonly sendings: Sending[];
  readonly suppressed: Suppressed[];
}

export interface Dispatch {
  /** Takes a change in. `now` in epoch milliseconds, of the clock that `advance` is given. */
  admit(alert: Alert, now: number): void;
  /** Everything that is due by `now`, in the order of time. */
  advance(now: number): Outcome;
  /** Brings back into reach what a clock that was ahead has put off: no plan is further away than the waits of the rules. */
  keepWithin(now: number): void;
  /** When somebody was told last, epoch milliseconds; -Infinity where nobody was. */
  toldAt(): number;
  /** Every alert that fires now. */
  firing(): Iterable<Alert>;
  readonly groups: Groups;
  /** Keys of groups that differ from what was last made durable, or are gone; whoever makes it durable clears it. */
  readonly touched: Set<string>;
}

export function createDispatch(
  rules: DispatchRules,
  recipients: readonly Recipient[],
  { mute, isAcknowledged }: { mute: Mute; isAcknowledged: (alertId: string) => boolean },
  groups: Groups = new Map(),
): Dispatch {
  const touched = new Set<string>();
  const groupOf = new Map<string, string>();
  for (const group of groups.values()) for (const id of Object.keys(group.alerts)) groupOf.set(id, group.key);

  function admit(alert: Alert, now: number): void {
    const labels = Object.fromEntries(rules.groupBy.map((label) => [label, alert.labels[label] ?? '']));
    // A later revision stays in its group, whatever label (the severity) has changed.
    const key = groupOf.get(alert.alert_id) ?? JSON.stringify(labels);
    let group = groups.get(key);
    if (group === undefined) {
      if (alert.state === 'resolved' || !rules.send.has(alert.state)) return;
      group = { key, labels, alerts: {}, flushAt: now + rules.groupWaitMs, accounts: {}, muted: {} };
      groups.set(key, group);
    }
    const before = group.alerts[alert.alert_id];
    if (before === undefined && (alert.state === 'resolved' || !rules.send.has(alert.state))) return;
    const rises = before !== undefined && alert.severity === 'critical' && before.severity === 'warning';
    if (rises || Object.keys(group.accounts).length === 0) {
      group.flushAt = Math.min(group.flushAt, now + rules.groupWaitMs);
    }
    if (alert.state === 'resolved' && before?.state === 'firing' && isUnheardOf(group, alert.alert_id)) {
      group.past = { ...group.past, [alert.alert_id]: true };
    }
    group.alerts[alert.alert_id] = alert;
    groupOf.set(alert.alert_id, key);
    touched.add(key);
  }

  /** Neither told to anybody, nor kept from them for a reason. */
  function isUnheardOf({ accounts, muted }: Group, id: string): boolean {
    return muted[id] === undefined && Object.values(accounts).every(({ alerts }) => alerts[id] === undefined);
  }

  /** Why an alert that is over and was told to nobody is not worth telling; null where it is to be told as past. */
  function whyNotTold({ at, started_at }: Alert, now: number): string | null {
    const lastedMs = Date.parse(at) - Date.parse(started_at);
    if (lastedMs <= rules.groupWaitMs) return `it lasted ${lastedMs / 1000} s`;
    if (now - Date.parse(at) > rules.tellPastMs) return `it ended long ago, at ${at}`;
    return rules.send.has('resolved') ? null : 'ends are not sent';
  }

  /** The next thing to do: a group's flush, or the refreshing of one recipient; null when nothing is planned. */
  function next(): { group: Group; at: number; recipient: Recipient | null } | null {
    let first: { group: Group; at: number; recipient: Recipient | null } | null = null;
    for (const group of groups.values()) {
      if (first === null || group.flushAt < first.at) first = { group, at: group.flushAt, recipient: null };
      for (const recipient of recipients) {
        const account = group.accounts[recipient.name];
        if (recipient.refreshMs === undefined || account === undefined) continue;
        const at = account.at + recipient.refreshMs;
        if (at < first.at && Object.keys(account.alerts).length > 0) first = { group, at, recipient };
      }
    }
    return first;
  }

  function advance(now: number): Outcome {
    const outcome: Outcome = { sendings: [], suppressed: [] };
    for (let due = next(); due !== null && due.at <= now; due = next()) {
      const { group, at, recipient } = due;
      if (recipient === null) flush(group, at, now, outcome);
      else refresh(group, recipient, at, now, outcome);
      touched.add(group.key);
    }
    return outcome;
  }

  function toldAt(): number {
    const told = [...groups.values()].flatMap(({ accounts }) => Object.values(accounts).map(({ at }) => at));
    return told.reduce((latest, at) => Math.max(latest, at), -Infinity);
  }

  function keepWithin(now: number): void {
    const latest = now + Math.max(rules.groupWaitMs, rules.groupIntervalMs);
    for (const group of groups.values()) {
      const accounts = Object.values(group.accounts);
      if (group.flushAt <= latest && accounts.every(({ at }) => at <= now)) continue;
      group.flushAt = Math.min(group.flushAt, latest);
      for (const account of accounts) account.at = Math.min(account.at, now);
      touched.add(group.key);
    }
  }

  function flush(group: Group, at: number, now: number, outcome: Outcome): void {
    for (const recipient of recipients) tell(group, recipient, at, outcome);
    for (const alert of Object.values(group.alerts)) {
      if (alert.state !== 'resolved') continue;
      const why = group.past?.[alert.alert_id] === true && recipients.length > 0 ? whyNotTold(alert, at) : null;
      if (why !== null) outcome.suppressed.push({ alert, muted: { reason: 'over_before_told', by: why } });
      delete group.alerts[alert.alert_id];
      delete group.muted[alert.alert_id];
      delete group.past?.[alert.alert_id];
      groupOf.delete(alert.alert_id);
    }
    // A process that was away for a day does not catch up tick by tick.
    group.flushAt = Math.max(at + rules.groupIntervalMs, now - rules.groupIntervalMs);
    if (Object.keys(group.alerts).length === 0) groups.delete(group.key);
  }

  function tell(group: Group, { name, refreshMs }: Recipient, at: number, outcome: Outcome): void {
    const account = (group.accounts[name] ??= { at, repeats: 0, alerts: {} });
    const told: Alert[] = [];
    const past: string[] = [];
    const risen: string[] = [];
    const others: Alert[] = [];
    for (const alert of Object.values(group.alerts)) {
      const { alert_id: id, state, severity } = alert;
      const before = account.alerts[id];
      const isRisen = severity === 'critical' && before?.severity === 'warning';
      if (state === 'resolved') {
        delete account.alerts[id];
        const isPast = group.past?.[id] === true && whyNotTold(alert, at) === null;
        if (!isPast && before === undefined) continue;
        if (!rules.send.has(state) || isMuted(group, alert, at, outcome)) continue;
        told.push(alert);
        if (isPast) past.push(id);
        if (isRisen) risen.push(id);
        continue;
      }
      if (!rules.send.has(state) || isMuted(group, alert, at, outcome)) continue;
      if (before !== undefined && before.state === state && !isRisen) {
        others.push(alert);
        continue;
      }
      told.push(alert);
      if (isRisen) risen.push(id);
      account.alerts[id] = { state, severity };
    }
    const { key, labels } = group;
    if (told.length > 0) {
      account.at = at;
      const notification = notificationOf({
        kind: 'news',
        group: { key, labels },
        told,
        past,
        risen,
        others,
        repeats: 0,
      });
      outcome.sendings.push({ notifier: name, notification });
      return;
    }
    const open = others.filter(({ alert_id }) => !isAcknowledged(alert_id));
    if (refreshMs !== undefined || open.length === 0 || at - account.at < rules.repeatMs) return;
    repeat(group, account, name, open, at, outcome);
  }

  function refresh(group: Group, { name }: Recipient, at: number, now: number, outcome: Outcome): void {
    const account = group.accounts[name];
    if (account === undefined) return;
    const alive = Object.values(group.alerts).filter(
      (alert) => alert.state !== 'resolved' && account.alerts[alert.alert_id] !== undefined,
    );
    const heard = alive.filter((alert) => !isMuted(group, alert, at, outcome));
    // What was missed while nobody ran is not made up for.
    if (heard.length > 0) repeat(group, account, name, heard, now, outcome);
    else account.at = now;
  }

  function repeat(group: Group, account: Account, notifier: string, told: Alert[], at: number, outcome: Outcome): void {
    account.at = at;
    account.repeats += 1;
    const { key, labels } = group;
    const parts = { kind: 'repeat', group: { key, labels }, told, others: [], repeats: account.repeats } as const;
    outcome.sendings.push({ notifier, notification: notificationOf(parts) });
  }

  function isMuted(group: Group, alert: Alert, at: number, outcome: Outcome): boolean {
    const muted = mute(alert, at);
    if (muted === null) return false;
    if (group.muted[alert.alert_id] !== alert.revision) {
      group.muted[alert.alert_id] = alert.revision;
      outcome.suppressed.push({ alert, muted });
    }
    return true;
  }

  function* firing(): Iterable<Alert> {
    for (const { alerts } of groups.values()) {
      for (const alert of Object.values(alerts)) if (alert.state === 'firing') yield alert;
    }
  }

  return { admit, advance, keepWithin, toldAt, firing, groups, touched };
}
