/**
 * One message to one notifier: the alerts of a group, what is new first. Its id and items are made of what it says, so
 * that the same news has the same name after a restart and in another process.
 */
import { stableId, type Alert } from '../core/event.ts';

export interface Notification {
  /** Same news, same id: receivers that remember ids get each once, although delivery is at-least-once. */
  readonly id: string;
  /** repeat: nothing new, but it goes on. */
  readonly kind: 'news' | 'repeat';
  readonly group: { readonly key: string; readonly labels: Readonly<Record<string, string>> };
  /** The newest revision of each alert: what is new first, then what else fires in the group. Never empty. */
  readonly alerts: readonly Alert[];
  /** What it tells, as alert_id:revision, and ~n for the group's nth repeat; the first `items.length` alerts, in their order. */
  readonly items: readonly string[];
  /** Ids of those that it tells of although they are over; absent where there are none. */
  readonly past?: readonly string[];
  /** Ids of those that this notifier was told of as warnings, and that are critical now; absent where there are none. */
  readonly risen?: readonly string[];
}

export interface NotificationParts {
  readonly kind: Notification['kind'];
  readonly group: Notification['group'];
  /** What it tells of. Not empty. */
  readonly told: readonly Alert[];
  /** Ids of those among them that fired and ended before anybody was told. */
  readonly past?: readonly string[];
  /** Ids of those among them that were told as warnings and are critical now. */
  readonly risen?: readonly string[];
  /** Alerts that fire in the group, of which nothing is new. */
  readonly others: readonly Alert[];
  /** How often the group was repeated to this notifier. */
  readonly repeats: number;
}

export function notificationOf(parts: NotificationParts): Notification {
  const { kind, group, told, past = [], risen = [], others, repeats } = parts;
  const first = [...told].sort(byWeight);
  const items = first.map((alert) => itemOf(alert, kind === 'repeat' ? repeats : 0));
  const alerts = [...first, ...[...others].sort(byWeight)];
  return { id: idOf(items), kind, group, alerts, items, ...marksOf(past, risen) };
}

/** The notification with only those items (not empty), as when another process has told the rest. */
export function withItems(notification: Notification, items: readonly string[]): Notification {
  const kept = new Set(items);
  const { items: all, alerts, past = [], risen = [], ...rest } = notification;
  const left = alerts.filter((_, index) => index >= all.length || kept.has(all[index] ?? ''));
  const isLeft = (id: string): boolean => left.some((alert) => alert.alert_id === id);
  return { ...rest, id: idOf(items), items, alerts: left, ...marksOf(past.filter(isLeft), risen.filter(isLeft)) };
}

function marksOf(past: readonly string[], risen: readonly string[]): Pick<Notification, 'past' | 'risen'> {
  return { ...(past.length > 0 && { past }), ...(risen.length > 0 && { risen }) };
}

/** The alert that a message about several is headed by. */
export function leadOf({ alerts }: Notification): Alert {
  const [lead] = alerts;
  if (lead === undefined) throw new RangeError('A notification has at least one alert.');
  return lead;
}

function itemOf({ alert_id, revision }: Alert, repeats: number): string {
  return `${alert_id}:${revision}${repeats === 0 ? '' : `~${repeats}`}`;
}

function idOf(items: readonly string[]): string {
  const [first = '', ...rest] = items;
  return rest.length === 0 ? first : `${first}+${stableId(...rest).slice(0, 12)}`;
}

/** Firing before resolved, critical before warning, then the furthest above its baseline. */
function byWeight(a: Alert, b: Alert): number {
  return (
    Number(a.state === 'resolved') - Number(b.state === 'resolved') ||
    Number(b.severity === 'critical') - Number(a.severity === 'critical') ||
    b.score - a.score ||
    (a.alert_id < b.alert_id ? -1 : 1)
  );
}
