/**
 * What was decided and is not durable yet, and how it becomes so: one transaction for the watch, the offsets, rows for the store and
 * notifications, and only then the acknowledgement of what was read. On failure all of it is kept for the next try, so that a crash
 * anywhere leaves either nothing of a step or all of it.
 */
import type { Action } from '../core/action.ts';
import { removeWithin, type Removal } from '../core/removal.ts';
import { TOPICS, deadLetterTopic, type Delivery, type Message } from '../core/stream/stream.ts';
import type { Changes } from './courses.ts';
import type { Sending, Suppressed } from './dispatch.ts';
import { clearTouched } from './memory.ts';
import type { AlertingDeps, Parts } from './parts.ts';

/** What was decided and is not durable yet. */
interface Unsaved extends Changes {
  readonly sendings: Sending[];
  readonly suppressed: Suppressed[];
  readonly actions: Action[];
}

function nothing(): Unsaved {
  return { alerts: [], findings: [], sendings: [], suppressed: [], actions: [] };
}

interface Held {
  readonly delivery: Delivery<unknown>;
  readonly dead: readonly Message[];
}

export interface Ledger {
  /** Notes what the watch decided, and who is told of it. */
  keep(changes: Changes): void;
  /** Lets the dispatch tell what is due at that time of event time. */
  dispatchUntil(event: number): void;
  note(action: Action): void;
  /** Keeps a delivery until what came of it is durable; `dead` are the letters it made. */
  hold(delivery: Delivery<unknown>, dead: readonly Message[]): void;
  /** Lets go of all deliveries: they come again. */
  release(): void;
  /** Messages held by partition, and in all; deliveries held. */
  holds(): ReadonlyMap<number, number>;
  heldMessages(): number;
  heldDeliveries(): number;
  /** Whether anything waits to be saved, and how long ago the last was. */
  waits(): boolean;
  sinceSavedMs(): number;
  save(): Promise<void>;
  /** Takes what was taken back out of what waits. */
  forget(removals: readonly Removal[]): void;
}

export function createLedger(parts: Parts, { state, log, watermark }: AlertingDeps): Ledger {
  const { wallClock, metrics, checkpoint, outbox, noteOf, queue, people, dispatch, watch, offsets } = parts;
  let held: Held[] = [];
  let heldMessages = 0;
  let savedAt = performance.now();
  let unsaved = nothing();

  /** Who is told when goes by the machine's clock; in a replay by event time, so that it is the same each time. */
  function dispatchTime(event: number): number {
    return watermark === 'global' ? event : wallClock.now();
  }

  function dispatchUntil(time: number): void {
    const { sendings, suppressed } = dispatch.advance(time);
    unsaved.sendings.push(...sendings);
    unsaved.suppressed.push(...suppressed);
  }

  function keep({ alerts, findings }: Changes): void {
    for (const alert of alerts) {
      const time = dispatchTime(Date.parse(alert.at));
      dispatchUntil(time);
      dispatch.admit(alert, time);
    }
    unsaved.alerts.push(...alerts);
    unsaved.findings.push(...findings);
  }

  /** Makes everything so far durable, then acknowledges. On failure all of it is kept for the next try. */
  async function save(): Promise<void> {
    const { alerts, findings, sendings, suppressed, actions } = unsaved;
    let staged: ReturnType<typeof queue.stage> = [];
    let confirm = (): void => undefined;
    await state.transaction(() => {
      confirm = checkpoint.save(watch.state, watch.touched, offsets);
      outbox.stage(alerts, findings);
      outbox.note(
        suppressed.map(({ alert, muted }) =>
          noteOf(`${alert.alert_id}:${alert.revision}`, '*', 'muted', `${muted.reason}: ${muted.by}`),
        ),
      );
      checkpoint.saveGroups(dispatch);
      people.save(actions);
      staged = sendings.flatMap(queue.stage);
    });
    confirm();
    dispatch.touched.clear();
    for (const { muted } of suppressed) metrics.skipped(muted.reason);
    clearTouched(watch.touched);
    unsaved = nothing();
    queue.accept(staged);
    metrics.out(alerts.length);
    savedAt = performance.now();
    for (const alert of alerts) log.debug(`${alert.state} ${alert.severity}: ${alert.summary.en}`);
    // One that can't be acknowledged stays held, and those after it: the next save tries again.
    for (let first = held[0]; first !== undefined; first = held[0]) {
      const { delivery, dead } = first;
      await delivery.acknowledge(
        dead.length === 0 ? [] : [{ topic: deadLetterTopic(TOPICS.opinions), messages: dead }],
      );
      held.shift();
      heldMessages -= delivery.messages.length;
    }
  }

  function holds(): Map<number, number> {
    const messages = new Map<number, number>();
    for (const { delivery } of held) {
      const partition = delivery.messages[0]?.partition ?? 0;
      messages.set(partition, (messages.get(partition) ?? 0) + delivery.messages.length);
    }
    return messages;
  }

  return {
    keep,
    dispatchUntil: (event) => dispatchUntil(dispatchTime(event)),
    note: (action) => void unsaved.actions.push(action),
    hold(delivery, dead) {
      held.push({ delivery, dead });
      heldMessages += delivery.messages.length;
    },
    release() {
      held = [];
      heldMessages = 0;
    },
    holds,
    heldMessages: () => heldMessages,
    heldDeliveries: () => held.length,
    waits() {
      const { alerts, findings, sendings, suppressed, actions } = unsaved;
      return held.length + alerts.length + findings.length + sendings.length + suppressed.length + actions.length > 0;
    },
    sinceSavedMs: () => performance.now() - savedAt,
    save,
    forget: (removals) => removeWithin(unsaved, removals),
  };
}
