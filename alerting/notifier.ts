/**
 * The notifier port: tell one place about one alert. A notifier sends or throws; when to send, how often to try again
 * and when to give up is the queue's business (notify.ts), so that every notifier behaves alike.
 */
import type { Alert } from '../core/event.ts';

export interface Notifier {
  /**
   * Resolves when the other side has taken the message. The same alert_id and revision may be sent again after a crash:
   * a notifier gives both to the other side, where the protocol has a place for them.
   * @throws TidewatchError notify.rejected (never again), notify.unavailable (later; `retryAfterMs` where it was told)
   */
  send(alert: Alert): Promise<void>;
}
