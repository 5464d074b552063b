/**
 * Entries of the queue of notifications, on disk (table notify.queue) and as the workers see them, and its dead letters (table
 * notify.dead). Keys are `notifier\n` and a number that only rises, so that what was put in first comes first; a dead letter keeps
 * its key, and numbers go on past both. The message itself stays on disk until it is sent: a long queue is not held in memory.
 *
 * What some receivers of a message are still owed is an entry of its own, and a group of its own: later messages wait for nobody's
 * mailbox. Rejected: one entry a receiver from the start (a hundred of them for one alert, each with its own claim).
 */
import { alertSchema } from '../core/event.ts';
import type { State, StateTable } from '../core/state/state.ts';
import type { NotifyContext } from './notify_context.ts';
import { leadOf, notificationOf, type Notification } from './notification.ts';

export interface Queued {
  readonly notifier: string;
  readonly notification: Notification;
  readonly attempts: number;
  /** Epoch milliseconds. */
  readonly firstAt: number;
  readonly nextAt: number;
  /** Receivers who were put off when the others were told; absent: nobody was told yet. */
  readonly owed?: readonly string[];
}

/** A notification that was given up, as the table notify.dead holds it. */
export interface DeadNotification {
  readonly notifier: string;
  readonly notification: Notification;
  readonly attempts: number;
  readonly code: string;
  readonly reason: string;
  readonly at: string;
  /** As in the queue. */
  readonly owed?: readonly string[];
}

/** An entry as the workers see it: the message itself stays on disk until it is sent. */
export interface Entry {
  readonly key: string;
  readonly notifier: string;
  readonly group: string;
  /** What it tells, for the log. */
  readonly id: string;
  attempts: number;
  readonly firstAt: number;
  /** In milliseconds of uptime (notify_context.ts). */
  dueAt: number;
}

export interface Entries {
  readonly queued: StateTable<Queued>;
  readonly dead: StateTable<DeadNotification>;
  /** What waits, by key. */
  readonly waiting: Map<string, Entry>;
  /** Writes one down, within the transaction of whoever calls. It does not wait yet: the transaction may fail. */
  put(notifier: string, notification: Notification, owed?: readonly string[]): Entry;
}

/** Nothing waits for longer, since a Retry-After is an hour at most (answer.ts): what lies further away was written by a clock that was ahead. */
const LONGEST_WAIT_MS = 3_600_000;

/** Opens what is on disk, whatever version wrote it. */
export function openEntries({ state, clock, uptime }: Pick<NotifyContext, 'state' | 'clock' | 'uptime'>): Entries {
  const queued = state.table<Queued>('notify.queue');
  const dead = state.table<DeadNotification>('notify.dead');
  const waiting = new Map<string, Entry>();
  let sequence = 0;

  adoptOldEntries(state);
  for (const { key, value } of queued.entries())
    waiting.set(key, entryOf(key, value, uptime() + waitOf(value, clock.now())));
  // Also past those of the dead letters, whose keys are theirs from the queue.
  for (const { key } of [...queued.entries(), ...dead.entries()]) {
    sequence = Math.max(sequence, Number(key.slice(key.indexOf('\n') + 1)) + 1);
  }

  return {
    queued,
    dead,
    waiting,
    put(notifier, notification, owed) {
      const now = clock.now();
      const key = `${notifier}\n${String(sequence).padStart(15, '0')}`;
      sequence += 1;
      const whole: Queued = { notifier, notification, attempts: 0, firstAt: now, nextAt: now };
      const one = owed === undefined ? whole : { ...whole, owed };
      void queued.put(key, one);
      return entryOf(key, one, uptime());
    },
  };
}

/** Entries of 0.1.0 held one alert; they become messages of that alert, under keys that keep their order. */
function adoptOldEntries(state: State): void {
  for (const name of ['notify.queue', 'notify.dead']) {
    const table = state.table<Record<string, unknown>>(name);
    let sequence = 0;
    // Listed first: the loop changes the table.
    for (const { key, value } of Array.from(table.entries())) {
      if (value['notification'] !== undefined) continue;
      const { alert, ...rest } = value;
      const parsed = alertSchema.safeParse(alert);
      void table.remove(key);
      if (!parsed.success) continue;
      const group = { key: parsed.data.alert_id, labels: {} };
      const notification = notificationOf({ kind: 'news', group, told: [parsed.data], others: [], repeats: 0 });
      void table.put(`${String(rest['notifier'])}\n${String(sequence).padStart(15, '0')}`, { ...rest, notification });
      sequence += 1;
    }
  }
}

/** What was never tried has nothing to wait for, whatever clock wrote it down. */
function waitOf({ attempts, nextAt }: Queued, now: number): number {
  return attempts === 0 ? 0 : Math.min(LONGEST_WAIT_MS, Math.max(0, nextAt - now));
}

function entryOf(key: string, { notifier, notification, attempts, firstAt, owed }: Queued, dueAt: number): Entry {
  const { name } = leadOf(notification);
  const id = `${name} [${notification.id}]`;
  const group = owed === undefined ? notification.group.key : `${notification.group.key}\n${notification.id}`;
  return { key, notifier, group, id, attempts, firstAt, dueAt };
}
