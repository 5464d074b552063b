/**
 * Carries out, in a running process, what origins took back and what an operator wants forgotten. Reads the topic
 * `removals`; the processes that keep their data folder share the work as one group. A removal is done again until everything that was appended
 * before it has passed the stages: a document that was on its way cannot come back behind it. Then it is audited, and an
 * operator answered (forget_requests.ts).
 */
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { systemClock } from '../core/clock.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Logger } from '../core/log.ts';
import { persist, type Persistence } from '../core/persist.ts';
import { removalSchema, type Removal } from '../core/removal.ts';
import { documentsOf } from '../core/store/removal.ts';
import { TOPICS } from '../core/stream/stream.ts';
import type { AuthorSettings } from '../ingest/authors.ts';
import type { Elsewhere } from './forget_answers.ts';
import { requestsFolder, requestsIn, writeAnswer } from './forget_requests.ts';
import {
  audit,
  forget,
  removalOf,
  TOLD,
  toldDocuments,
  toldOthers,
  total,
  type Forgotten,
  type Planes,
} from './forgetting.ts';

export const REMOVAL_GROUP = 'removal';

export interface RemovingParts extends Planes {
  readonly dataDir: string;
  readonly authors: AuthorSettings;
  readonly log: Logger;
  /**
   * Whether this process takes what origins took back. It keeps it in its state until it is done, so only one whose state
   * outlives it may: of a folder that goes with its container a removal would be lost.
   */
  readonly takes: boolean;
  /** What other processes that share the stream answer; none where there are none. */
  readonly elsewhere: (removal: string) => Promise<readonly Elsewhere[]>;
}

/** Readers that must be past a removal before it is done. */
const READERS = [
  [TOPICS.documents, 'classifier'],
  [TOPICS.opinions, 'alerting'],
] as const;
const TOGETHER_MS = 3_000;
const LOOK_MS = 2_000;
const RETRY_MS = 10_000;
/** A pass reads the whole log: it is not begun again before so many times its own length. */
const REST = 10;
/** A reader that stands still must not keep a removal open for ever; what it reads later is removed by the next one. */
const LONGEST_WAIT_MS = 24 * 3_600_000;

interface Open {
  readonly removal: Removal;
  /** When the log took it, epoch milliseconds. */
  readonly at: number;
  /** What the first pass found; null before it. */
  readonly before: Forgotten['before'] | null;
  /** Name of the file in which somebody waits to be told, also after a restart; absent where nobody does. */
  readonly answer?: string;
}

export function createRemoving({
  stream,
  store,
  state,
  dataDir,
  authors,
  log,
  memory,
  takes,
  elsewhere,
}: RemovingParts): Service {
  const planes: Planes = { stream, store, state, memory };
  const table = state.table<Open>('removals.open');
  const stopping = new AbortController();
  const { signal } = stopping;
  let running: Promise<unknown> = Promise.resolve();
  let restUntil = 0;

  async function read(): Promise<void> {
    const options = { maxMessages: 500, maxWaitMs: TOGETHER_MS, signal };
    for await (const delivery of stream.subscribe<unknown>(TOPICS.removals, REMOVAL_GROUP, options)) {
      const open = delivery.messages.flatMap(({ value, appended_at }) => {
        const parsed = removalSchema.safeParse(value);
        // An operator's is carried out by the process that was asked; the message is for the other stages.
        return parsed.success && parsed.data.by === 'origin' && parsed.data.reason !== TOLD
          ? [{ removal: parsed.data, at: appended_at, before: null }]
          : [];
      });
      // Kept before it is acknowledged: from here on a crash only makes it be done again.
      await keep(open);
      await delivery.acknowledge();
    }
  }

  async function keep(open: readonly Open[]): Promise<void> {
    await state.transaction(() => {
      for (const one of open) void table.put(one.removal.id, one);
    });
  }

  /** One pass: an operator's removals each by itself, since somebody waits for its counts, and the origins' together. */
  async function carryOut(): Promise<void> {
    const open = [...table.entries()].map(({ value }) => value);
    for (const one of open.filter(({ removal }) => removal.by === 'operator')) await pass([one]);
    const origins = open.filter(({ removal }) => removal.by === 'origin');
    if (origins.length === 0 || performance.now() < restUntil) return;
    const began = performance.now();
    await pass(origins);
    restUntil = performance.now() + (performance.now() - began) * REST;
  }

  /** Done are those that everything older has overtaken. */
  async function pass(open: readonly Open[]): Promise<void> {
    const removals = open.map(({ removal }) => removal);
    const passedUntil = await oldestWaiting();
    await tell(open);
    const result = await forget(planes, removals);
    const seen = open.map((one) => ({ ...one, before: one.before ?? result.before }));
    const done = seen.filter(({ at }) => at < passedUntil || systemClock.now() - at > LONGEST_WAIT_MS);
    await keep(seen);
    // What the other stages took in between the first pass and this one.
    const again = open.filter(
      (one) => one.before !== null && done.some(({ removal }) => removal.id === one.removal.id),
    );
    const told = again.flatMap(({ removal }) => toldOthers({ ...removal, reason: TOLD }, [], authors));
    if (told.length > 0) await stream.append(TOPICS.removals, told, signal);
    for (const { removal, before, answer } of done) {
      // The others are waited for before anything is said: who is stopped meanwhile says it after the next start.
      const heard = answer === undefined ? [] : await elsewhere(removal.id);
      await audit(store, [removal], { ...result, before }, systemClock.now());
      if (answer === undefined) continue;
      await tellAnswer(answer, { ...result, before, elsewhere: heard, audit: removal.id });
    }
    await state.transaction(() => {
      for (const { removal } of done) void table.remove(removal.id);
    });
    if (done.length > 0) {
      log.info(
        `${done.length} removals carried out: ${total(result.before)} things found, ${total(result.after)} left`,
      );
    }
  }

  /** What is done is done and audited: an answer that cannot be written holds up no other removal. */
  async function tellAnswer(name: string, answer: Parameters<typeof writeAnswer>[2]): Promise<void> {
    await writeAnswer(dataDir, name, answer).catch((thrown: unknown) => {
      log.warn(
        { code: toTidewatchError(thrown).code },
        `The answer ${name} cannot be written: ${explainError(thrown)}; what was forgotten stands in the table removals`,
      );
    });
  }

  /** Tells other stages and processes what an operator asks for, and whose documents these are while the store still knows it. */
  async function tell(open: readonly Open[]): Promise<void> {
    const [first] = open;
    if (first === undefined) return;
    const wide = open.map(({ removal }) => removal).filter(({ kind }) => kind !== 'document');
    const documents = wide.length === 0 ? [] : await documentsOf(store, wide);
    const isNew = first.before === null && first.removal.by === 'operator';
    const told = isNew ? toldOthers(first.removal, documents, authors) : toldDocuments(first.removal, documents);
    if (told.length > 0) await stream.append(TOPICS.removals, told, signal);
  }

  /** Everything appended before this moment has passed the readers; epoch milliseconds. */
  async function oldestWaiting(): Promise<number> {
    let oldest = Infinity;
    for (const [topic, group] of READERS) {
      const { messages, seconds } = await stream.lag(topic, group);
      if (messages > 0) oldest = Math.min(oldest, systemClock.now() - seconds * 1000);
    }
    return oldest;
  }

  async function look(): Promise<void> {
    for (const { path, answer, wanted } of await requestsIn(dataDir)) {
      if ('error' in wanted) {
        // Not what it says: that names what is to be forgotten.
        log.warn(`${path} asks for nothing that can be read; its answer says why`);
        await tellAnswer(answer, wanted);
      } else {
        const removal = await removalOf(wanted, planes, authors, systemClock.now());
        // Whoever asked has taken it back: the store was away for too long.
        if (!existsSync(path)) continue;
        await keep([{ removal, at: systemClock.now(), before: null, answer }]);
      }
      await rm(path, { force: true });
    }
    await carryOut();
    await systemClock.sleep(LOOK_MS, signal);
  }

  const persistence: Persistence = {
    clock: systemClock,
    signal,
    retryMs: RETRY_MS,
    failed: (thrown) => log.error({ code: toTidewatchError(thrown).code }, `Removals wait: ${explainError(thrown)}`),
  };

  return {
    name: 'removing',
    async start() {
      await mkdir(requestsFolder(dataDir), { recursive: true });
      running = Promise.all([...(takes ? [persist(read, persistence)] : []), persist(look, persistence)]);
    },
    async stop() {
      stopping.abort(new Error('Tidewatch is stopping.'));
      await running;
    },
  };
}
