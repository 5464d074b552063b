/**
 * Removes what retention.ts lets go: every half minute, and at once when the log is over its size. In steps of a
 * thousand messages, each its own transaction, so that readers and writers get their turns in between.
 */
import type { Clock } from '../clock.ts';
import { toTidewatchError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Bell } from './bell.ts';
import type { Journal } from './journal.ts';
import { acknowledgedBelow, expiredBelow } from './retention.ts';
import { retentionHours } from './stream.ts';

const EVERY_MS = 30_000;
const STEP = 1_000;
const HOUR_MS = 3_600_000;

export interface Pruning {
  /** Runs soon, once for many calls. Rings `freed` only when it removed something, so that waiters do not spin. */
  soon(): void;
  stop(): Promise<void>;
}

export interface PruningSettings {
  readonly retention_hours: number;
  readonly dead_letter_retention_hours: number;
  readonly max_bytes: number;
}

export function createPruning(
  journal: Journal,
  settings: PruningSettings,
  { clock, log, freed }: { clock: Clock; log: Logger; freed: Bell },
): Pruning {
  let stopped = false;
  let running: Promise<void> | undefined;
  let wanted = false;

  const isDeadLetters = (topic: string): boolean => topic.endsWith('.dead');

  async function remove(topic: string, below: number, why: string): Promise<number> {
    const before = journal.topic(topic).first;
    await journal.change([topic], (draft) => draft.remove(topic, below, STEP));
    const removed = journal.topic(topic).first - before;
    if (removed > 0) freed.ring();
    if (removed > 0 && isDeadLetters(topic)) log.warn({ topic, removed, why }, 'dead letters removed');
    else if (removed > 0) log.debug({ topic, removed, why }, 'acknowledged messages removed');
    return removed;
  }

  async function removeExpired(): Promise<void> {
    for (const [topic] of journal.topics()) {
      const hours = retentionHours(topic, settings);
      const below = expiredBelow(journal.topic(topic), journal.groups(topic), clock.now() - hours * HOUR_MS, (offset) =>
        journal.appendedAt(topic, offset),
      );
      while (!stopped && journal.topic(topic).first < below) await remove(topic, below, 'age');
    }
  }

  /** The topic whose oldest acknowledged message is the oldest of all. */
  function oldestRemovable(): string | undefined {
    let oldest: { topic: string; at: number } | undefined;
    for (const [topic, state] of journal.topics()) {
      if (acknowledgedBelow(state, journal.groups(topic)) <= state.first) continue;
      const at = journal.appendedAt(topic, state.first) ?? 0;
      if (oldest === undefined || at < oldest.at) oldest = { topic, at };
    }
    return oldest?.topic;
  }

  async function removeOverSize(): Promise<void> {
    const size = (): number => [...journal.topics()].reduce((sum, [, state]) => sum + state.bytes, 0);
    while (!stopped && size() >= settings.max_bytes) {
      const topic = oldestRemovable();
      if (topic === undefined) return;
      await remove(topic, acknowledgedBelow(journal.topic(topic), journal.groups(topic)), 'size');
    }
  }

  async function run(): Promise<void> {
    do {
      wanted = false;
      try {
        await removeExpired();
        await removeOverSize();
      } catch (error) {
        const { code, message } = toTidewatchError(error, 'storage.unavailable');
        log.warn({ code, message }, 'retention could not remove messages; it tries again');
      }
    } while (wanted && !stopped);
    running = undefined;
  }

  function soon(): void {
    if (stopped) return;
    wanted = true;
    running ??= run();
  }

  const timer = setInterval(soon, EVERY_MS).unref();
  return {
    soon,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
