/** Which notifications were given up and not sent since, by what became of each (GET /api/notifications). */
import type { NotificationsAnswer } from '../dashboards/contract.ts';

type Outcome = Pick<NotificationsAnswer['notifications'][number], 'item' | 'notifier' | 'at'>;

/** `notification`: the id of one, which begins with its first item, or "*" for all. */
export function givenUp(notification: string, failed: readonly Outcome[], sent: readonly Outcome[]): Outcome[] {
  const sentAt = new Map<string, string>();
  // Newest first, so that the newest stays.
  for (const { item, notifier, at } of [...sent].reverse()) sentAt.set(`${notifier}\n${item}`, at);
  const [first] = notification.split('+');
  return failed.filter(
    ({ item, notifier, at }) =>
      (notification === '*' || item === first) && at > (sentAt.get(`${notifier}\n${item}`) ?? ''),
  );
}
