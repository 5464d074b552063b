/** Waits until a Kafka cluster describes itself: an open port is too early. */
import { setTimeout as wait } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

export const UP_WITHIN_MS = 120_000;

/** Gives up after `patience` milliseconds, or when `alive` says that there is nothing to wait for. */
export async function answers(
  brokers: string[],
  patience = UP_WITHIN_MS,
  alive: () => boolean = () => true,
): Promise<void> {
  const admin = new Kafka({
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 5000,
    retry: { retries: 0 },
  }).admin();
  const deadline = performance.now() + patience;
  try {
    for (;;) {
      try {
        await admin.connect();
        const { brokers: found } = await admin.describeCluster();
        if (found.length > 0) return;
      } catch (error) {
        if (performance.now() > deadline || !alive()) throw error;
      }
      await wait(300);
    }
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
