/**
 * Back-pressure: writers to a topic wait while the slowest group that was created here is too far behind. The brokers
 * are asked at most once a second a topic, so the limit may be passed by what one second brings.
 */
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';

const ASK_EVERY_MS = 1000;

export interface BacklogGate {
  register(topic: string, group: string): void;
  /** Waits for room; rejects with the reason of an aborted signal (the first wakes it at once, others soon). */
  enter(topic: string, signals: readonly AbortSignal[]): Promise<void>;
}

export interface BacklogOptions {
  readonly limit: number;
  /** Messages that wait for the group. */
  readonly behind: (topic: string, group: string) => Promise<number>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createBacklogGate({ limit, behind, clock, log }: BacklogOptions): BacklogGate {
  const groups = new Map<string, Set<string>>();
  const answers = new Map<string, { at: number; most: Promise<number> }>();

  async function ask(topic: string): Promise<number> {
    const counts = await Promise.all([...(groups.get(topic) ?? [])].map((group) => behind(topic, group)));
    return Math.max(0, ...counts);
  }

  function mostBehind(topic: string): Promise<number> {
    const now = performance.now();
    let answer = answers.get(topic);
    if (answer === undefined || now - answer.at >= ASK_EVERY_MS) {
      // Brokers that do not answer are the append's to report.
      answer = { at: now, most: ask(topic).catch(() => 0) };
      answers.set(topic, answer);
    }
    return answer.most;
  }

  return {
    register(topic, group) {
      const known = groups.get(topic);
      if (known === undefined) groups.set(topic, new Set([group]));
      else known.add(group);
    },
    async enter(topic, signals) {
      let told = false;
      while (groups.has(topic)) {
        for (const signal of signals) signal.throwIfAborted();
        const unread = await mostBehind(topic);
        if (unread < limit) break;
        if (!told) log.warn({ topic, unread }, 'writers wait for readers');
        told = true;
        await clock.sleep(ASK_EVERY_MS / 2, signals[0]).catch(() => undefined);
      }
      for (const signal of signals) signal.throwIfAborted();
    },
  };
}
