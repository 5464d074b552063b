/**
 * What a connection pushes, in batches for a reader that waits for the stream: up to a limit, beyond which the
 * connection is given up (its cursor brings the rest again) rather than memory filled or messages dropped.
 */
import { TidewatchError } from '../../core/errors.ts';

export interface Inbox<Message> {
  /** @throws TidewatchError http.unavailable when it is full */
  push(message: Message): void;
  /** No more will come: `batches` ends after what is there. */
  close(): void;
  /** Batches of what came, each as soon as it is `linger` old or full. */
  batches(): AsyncGenerator<Message[]>;
}

const MAX_BATCH = 400;
const LINGER_MS = 200;

export function createInbox<Message>(capacity: number): Inbox<Message> {
  let messages: Message[] = [];
  let isClosed = false;
  let wake: () => void = () => undefined;

  return {
    push(message) {
      if (messages.length >= capacity) {
        throw new TidewatchError('http.unavailable', `${capacity} messages wait for room in the stream`, {
          hint: 'The connection is taken up again from where the stream stands. If it lasts, the stages behind are too slow.',
        });
      }
      messages.push(message);
      if (messages.length === 1 || messages.length === MAX_BATCH) wake();
    },
    close() {
      isClosed = true;
      wake();
    },
    async *batches() {
      while (true) {
        if (messages.length === 0 && isClosed) return;
        if (messages.length === 0) await woken();
        if (messages.length < MAX_BATCH && !isClosed) await woken(LINGER_MS);
        const batch = messages.slice(0, MAX_BATCH);
        messages = messages.slice(MAX_BATCH);
        if (batch.length > 0) yield batch;
      }
    },
  };

  function woken(longestMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = longestMs === undefined ? undefined : setTimeout(resolve, longestMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
