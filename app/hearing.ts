/**
 * Hears, in each of several processes that share a stream, what any of them was asked to forget, and forgets what this one holds
 * by itself: its state, and what its ingest remembers. Each reads the topic `removals` as a group of its own, since one group
 * would give each removal to one of them; it answers in the topic `forgetting` (forget_answers.ts). What all share (the store)
 * is for the process that was asked (removing.ts); what alerting has in memory is for alerting, which is waited for.
 *
 * The group bears the data folder's id, so a process that was away hears what it missed when it is back, as far as the topic
 * still holds it. Rejected: asking each process over HTTP (a port and a token for each, and who is away hears nothing).
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '../core/clock.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Logger } from '../core/log.ts';
import { persist, type Persistence } from '../core/persist.ts';
import { removalSchema, type Removal } from '../core/removal.ts';
import type { State } from '../core/state/state.ts';
import { TOPICS } from '../core/stream/stream.ts';
import { HERE_EVERY_MS, type Spoken } from './forget_answers.ts';
import { forgetHere, isAnswered, type Planes } from './forgetting.ts';

export interface HearingParts extends Pick<Planes, 'stream' | 'state' | 'memory'> {
  readonly roles: readonly string[];
  readonly log: Logger;
  /** Readers of `removals` in this process that forget by themselves and must have done so before it is answered. */
  readonly waitsFor: readonly string[];
}

const TOGETHER_MS = 500;
const RETRY_MS = 5_000;
const LOOK_MS = 200;
const LONGEST_WAIT_MS = 60_000;
/** A stop does not wait for brokers that are away. */
const GOODBYE_MS = 2_000;
/** A pass reads all of the memory that is on disk: the next one begins after so many times its length. */
const REST = 10;

/** The id of this process's data folder, made once. */
export async function processId(state: State): Promise<string> {
  const table = state.table<string>('process');
  const known = table.get('id');
  if (known !== undefined) return known;
  const id = randomUUID();
  await table.put('id', id);
  return id;
}

export async function createHearing({ stream, state, memory, roles, log, waitsFor }: HearingParts): Promise<Service> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const process = await processId(state);
  const group = `removal-${process}`;
  let running: Promise<unknown> = Promise.resolve();

  async function say(spoken: readonly Spoken[], within?: AbortSignal): Promise<void> {
    const messages = spoken.map((value) => ({ key: process, value }));
    await stream.append(TOPICS.forgetting, messages, within);
  }

  /** So that nobody waits for what this process held: where its folder goes with it, it never answers. */
  async function sayGoodbye(): Promise<void> {
    await say([{ says: 'gone', ...speaker() }]).catch((thrown: unknown) =>
      log.debug(
        { code: toTidewatchError(thrown).code },
        `Nobody hears that this process stops: ${explainError(thrown)}`,
      ),
    );
  }
  const speaker = () => ({ process, host: hostname(), roles: [...roles], at: isoTime(systemClock.now()) });

  async function hear(): Promise<void> {
    const options = { maxMessages: 500, maxWaitMs: TOGETHER_MS, signal };
    for await (const delivery of stream.subscribe<unknown>(TOPICS.removals, group, options)) {
      const removals = delivery.messages.flatMap(({ value }) => {
        const parsed = removalSchema.safeParse(value);
        return parsed.success ? [parsed.data] : [];
      });
      const began = performance.now();
      await othersHere(began);
      const answers: Spoken[] = [];
      // A removal together with what was told ahead of it: its documents.
      let together: Removal[] = [];
      for (const [index, removal] of removals.entries()) {
        together.push(removal);
        const isLast = index === removals.length - 1;
        if (!isAnswered(removal) && !isLast) continue;
        const { found, left } = await forgetHere({ state, memory }, together);
        if (isAnswered(removal)) answers.push({ says: 'forgot', ...speaker(), removal: removal.id, found, left });
        together = [];
      }
      if (answers.length > 0) await say(answers, signal);
      await delivery.acknowledge();
      if (answers.length === 0) await systemClock.sleep((performance.now() - began) * REST, signal);
    }
  }

  /** Until this process's other readers of removals are past those that are in hand. */
  async function othersHere(began: number): Promise<void> {
    for (const other of waitsFor) {
      while (performance.now() - began < LONGEST_WAIT_MS && (await stream.lag(TOPICS.removals, other)).messages > 0)
        await systemClock.sleep(LOOK_MS, signal);
    }
  }

  async function present(): Promise<void> {
    await say([{ says: 'here', ...speaker() }], signal);
    await systemClock.sleep(HERE_EVERY_MS, signal);
  }

  const persistence: Persistence = {
    clock: systemClock,
    signal,
    retryMs: RETRY_MS,
    failed: (thrown) =>
      log.error({ code: toTidewatchError(thrown).code }, `Hearing of removals waits: ${explainError(thrown)}`),
  };

  return {
    name: 'hearing',
    async start() {
      await stream.createGroup(TOPICS.removals, group);
      running = Promise.all([persist(hear, persistence), persist(present, persistence)]);
    },
    async stop() {
      stopping.abort(new Error('Tidewatch is stopping.'));
      await running;
      await Promise.race([sayGoodbye(), systemClock.sleep(GOODBYE_MS)]);
    },
  };
}
