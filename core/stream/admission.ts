/**
 * Back-pressure: lets writers of a topic in, in the order they came, and makes them wait while the slowest reader is
 * too far behind or the log is full of unread messages. Topics that nobody reads (dead letters) never make one wait.
 * The size does not hold back an acknowledge's outputs: it could be the only way to get the size down.
 */
import type { Logger } from '../log.ts';
import type { Bell } from './bell.ts';
import type { Journal } from './journal.ts';
import { backlog } from './retention.ts';

export interface Admission {
  /** Waits for room and for those who came before; rejects with the signal's reason. */
  enter(topic: string, signal?: AbortSignal): Promise<void>;
  /** Waits until the topic's backlog is under its limit, or the signal aborts; never rejects. */
  room(topic: string, signal: AbortSignal): Promise<void>;
  isOverSize(): boolean;
}

export interface AdmissionLimits {
  readonly max_backlog_messages: number;
  readonly max_bytes: number;
}

export interface AdmissionContext {
  readonly log: Logger;
  /** Rings when something was acknowledged or removed, and after `closing` aborted. */
  readonly progress: Bell;
  readonly closing: AbortSignal;
  readonly overSize: () => void;
}

export function createAdmission(
  journal: Journal,
  limits: AdmissionLimits,
  { log, progress, closing, overSize }: AdmissionContext,
): Admission {
  const lines = new Map<string, Promise<void>>();

  const isBehind = (topic: string): boolean =>
    backlog(journal.topic(topic), journal.groups(topic)) >= limits.max_backlog_messages;

  function isOverSize(): boolean {
    let bytes = 0;
    for (const [, state] of journal.topics()) bytes += state.bytes;
    return bytes >= limits.max_bytes;
  }

  function mustWait(topic: string): boolean {
    if (journal.groups(topic).size === 0) return false;
    if (isBehind(topic)) return true;
    if (!isOverSize()) return false;
    overSize();
    return true;
  }

  async function waitForTurn(topic: string, before: Promise<void> | undefined, signal?: AbortSignal): Promise<void> {
    await before;
    let told = false;
    while (signal?.aborted !== true && !closing.aborted && mustWait(topic)) {
      if (!told) {
        log.warn({ topic, unread: backlog(journal.topic(topic), journal.groups(topic)) }, 'writers wait for readers');
        told = true;
      }
      await progress.next(signal);
    }
  }

  return {
    isOverSize,
    async enter(topic, signal) {
      const before = lines.get(topic);
      if (before === undefined && !mustWait(topic)) return;
      const turn = waitForTurn(topic, before, signal);
      lines.set(topic, turn);
      void turn.then(() => {
        if (lines.get(topic) === turn) lines.delete(topic);
      });
      await untilAborted(turn, signal);
      signal?.throwIfAborted();
      closing.throwIfAborted();
    },
    async room(topic, signal) {
      while (!signal.aborted && journal.groups(topic).size > 0 && isBehind(topic)) await progress.next(signal);
    },
  };
}

/** An aborted writer leaves at once, wherever it stands in the line. */
async function untilAborted(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return turn;
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    await Promise.race([turn, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
