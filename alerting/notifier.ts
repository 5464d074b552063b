/**
 * The notifier port: tell one place about one group of alerts. A notifier sends or throws; when to send, how often to try
 * again and when to give up is the queue's business (notify.ts), so that every notifier behaves alike.
 */
import type { TidewatchError } from '../core/errors.ts';
import type { Notification } from './notification.ts';

/** A message that the other side took, but for some of its receivers: who is to be told later, and why. */
export interface PutOff {
  /** Not empty. */
  readonly receivers: readonly string[];
  /** notify.unavailable, and it names them. */
  readonly error: TidewatchError;
}

export interface Notifier {
  /**
   * Resolves when the other side has taken the message. The same notification may be sent again after a crash: a
   * notifier gives its id to the other side, where the protocol has a place for it.
   * @param owed those whom an earlier send of it named as put off: nobody else is told. Absent: all are
   * @throws TidewatchError notify.rejected (never again), notify.unavailable (later; `retryAfterMs` where it was told)
   */
  send(notification: Notification, owed?: readonly string[]): Promise<PutOff | void>;
  /** What the other side allows: at most that many messages in any stretch of that length. */
  readonly pace?: { readonly messages: number; readonly perMs: number };
  /** The other side forgets what it is not told again within a time: what fires is sent that often. */
  readonly refreshMs?: number;
  /** Gives back connections. */
  close?(): Promise<void>;
}
