/**
 * The messages that were stored last, by a digest of each: a connection that begins a little before its cursor brings
 * them again, and knowing them at the door keeps room in the inbox for new ones. Without it a burst larger than the
 * inbox within the rewound seconds would come again for ever. Two generations, so that it forgets without a sweep.
 */
import { createHash } from 'node:crypto';

export interface RecentMessages {
  has(message: string): boolean;
  /** Call when the messages are durable. */
  add(messages: readonly string[]): void;
}

export function createRecentMessages(capacity: number): RecentMessages {
  let young = new Set<string>();
  let old = new Set<string>();
  const digest = (message: string): string => createHash('sha1').update(message).digest('base64');
  return {
    has(message) {
      if (young.size + old.size === 0) return false;
      const key = digest(message);
      return young.has(key) || old.has(key);
    },
    add(messages) {
      for (const message of messages) young.add(digest(message));
      if (young.size < capacity) return;
      old = young;
      young = new Set();
    },
  };
}
