/**
 * Alert changes and findings on their way to the store. They are written to disk in the same transaction as the
 * checkpoint that made them, and go once the store has them: a store that is down for an hour, or a crash in between,
 * loses nothing, and the insert tokens (made of what the rows say) keep a second try from counting twice.
 */
import { isoTime, stableId, type Alert, type Finding } from '../core/event.ts';
import { alertRow, findingRow } from '../core/store/rows.ts';
import type { State } from '../core/state/state.ts';
import type { Store } from '../core/store/store.ts';

type Item =
  | { readonly kind: 'alert'; readonly row: Alert }
  | { readonly kind: 'finding'; readonly row: Finding }
  | { readonly kind: 'notification'; readonly row: NotificationRow };

/** What became of one item of a notification, as a row of the table notifications. */
export interface NotificationRow {
  readonly item: string;
  /** Name of the notifier; "*" for what was not sent to any. */
  readonly notifier: string;
  readonly status: 'sent' | 'failed' | 'muted';
  readonly generation: number;
  readonly alert_id: string;
  readonly owner: string;
  readonly at: string;
  readonly reason: string;
}

export interface Outbox {
  /** Call within State.transaction. */
  stage(alerts: readonly Alert[], findings: readonly Finding[]): void;
  /** Call within State.transaction. */
  note(rows: readonly NotificationRow[]): void;
  /**
   * Hands everything to the store, oldest first, and then each alert to `onAlert`.
   * @throws TidewatchError storage.*: what is left stays in the outbox
   */
  drain(onAlert: (alert: Alert) => void): Promise<void>;
}

const BATCH = 500;

export function openOutbox(state: State, store: Store): Outbox {
  const table = state.table<Item>('alerting.outbox');
  let next = 0;
  for (const { key } of table.entries()) next = Number(key) + 1;

  function put(item: Item): void {
    void table.put(String(next).padStart(15, '0'), item);
    next += 1;
  }

  return {
    stage(alerts, findings) {
      for (const row of alerts) put({ kind: 'alert', row });
      for (const row of findings) put({ kind: 'finding', row });
    },
    note(rows) {
      for (const row of rows) put({ kind: 'notification', row });
    },
    async drain(onAlert) {
      for (;;) {
        const batch = [...table.entries({ limit: BATCH })];
        if (batch.length === 0) return;
        const alerts = batch.flatMap(({ value }) => (value.kind === 'alert' ? [value.row] : []));
        const findings = batch.flatMap(({ value }) => (value.kind === 'finding' ? [value.row] : []));
        if (findings.length > 0) {
          await store.insert(
            'findings',
            findings.map(findingRow),
            stableId('findings', ...findings.map(({ id }) => id)),
          );
        }
        if (alerts.length > 0) {
          const changes = alerts.map(({ alert_id, revision }) => `${alert_id}:${revision}`);
          // The machine's time on purpose, in a replay too: it says when readers could first see the row.
          const stored_at = isoTime(Date.now());
          const rows = alerts.map((alert) => ({ ...alertRow(alert), stored_at }));
          await store.insert('alerts', rows, stableId('alerts', ...changes));
        }
        const notes = batch.flatMap(({ value }) => (value.kind === 'notification' ? [value.row] : []));
        if (notes.length > 0) {
          const steps = notes.map(({ item, notifier, status, at }) => stableId(item, notifier, status, at));
          await store.insert('notifications', notes, stableId('notifications', ...steps));
        }
        for (const alert of alerts) onAlert(alert);
        await state.transaction(() => {
          for (const { key } of batch) void table.remove(key);
        });
      }
    },
  };
}
