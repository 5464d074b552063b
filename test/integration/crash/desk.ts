/**
 * Somebody at the page while things are struck: writes one silence after the other through the page's door. They match
 * nothing, so that alerts come as without them. Whatever was answered with 201 must be in the store, once, and in the audit log.
 * One whose answer was lost may be there too: it is written again under a new id.
 */
import { setTimeout as wait } from 'node:timers/promises';

export interface Desk {
  start(): void;
  stop(): Promise<void>;
  /** Ids of what got its 201. */
  written(): readonly string[];
  /** Requests that did not. */
  repeats(): number;
}

const PAUSE_MS = 300;

export function createDesk(pageUrl: string, signal: AbortSignal): Desk {
  const written: string[] = [];
  let repeats = 0;
  let isOpen = false;
  let work: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    const body = JSON.stringify({
      author: 'desk',
      matchers: ['entity="nobody"'],
      duration_secs: 3600,
      comment: `the ${written.length + 1}th`,
    });
    try {
      const answer = await fetch(`${pageUrl}/api/silences`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
      });
      const { action } = (await answer.json()) as { action?: { id: string } };
      if (answer.status === 201 && action !== undefined) written.push(action.id);
      else repeats += 1;
    } catch {
      repeats += 1;
    }
  }

  async function run(): Promise<void> {
    while (isOpen && !signal.aborted) {
      await write();
      await wait(PAUSE_MS);
    }
  }

  return {
    start() {
      isOpen = true;
      work = run();
    },
    async stop() {
      isOpen = false;
      await work;
    },
    written: () => written,
    repeats: () => repeats,
  };
}
