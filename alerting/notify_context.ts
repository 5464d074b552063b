/** What the queue of notifications stands on, in one object: the queue (notify.ts), its workers and their outcomes share it. */
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { State } from '../core/state/state.ts';
import type { Claims } from './claims.ts';
import type { Notification } from './notification.ts';

export interface NotifyRules {
  readonly maxAttempts: number;
  readonly giveUpMs: number;
}

/** What became of a notification. */
export interface Delivered {
  readonly notifier: string;
  readonly notification: Notification;
  readonly status: 'sent' | 'failed';
  readonly reason: string;
}

export interface NotifyContext {
  readonly state: State;
  readonly clock: Clock;
  /** Milliseconds that no setting of a clock moves: waits go by them, or a clock that was ahead would put them off until that time comes. */
  readonly uptime: () => number;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  /** Aborts when the process is asked to stop: a try that this cuts short is no failure. */
  readonly signal: AbortSignal;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  /** Settles who tells, where several processes share a store; null where this one is alone. */
  readonly claims?: Claims | null;
  /** Writes down what became of one; called within the transaction that takes it off the queue. */
  readonly record?: (delivered: Delivered) => void;
}
