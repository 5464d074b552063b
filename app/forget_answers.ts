/**
 * What processes that share a stream say of forgetting, in its topic `forgetting`: that they are here, with what they may hold,
 * that they have forgotten, with how much there was and is, and that they stop. So who asked knows whom to expect: a process that
 * was heard of and does not answer may still hold something, unless it kept nothing. What is said holds counts and no content.
 */
import { z } from 'zod';
import { systemClock } from '../core/clock.ts';
import { TOPICS, type Stream } from '../core/stream/stream.ts';

const speaker = { process: z.string(), host: z.string(), roles: z.array(z.string()), at: z.iso.datetime() };
const spokenSchema = z.discriminatedUnion('says', [
  z.object({ says: z.literal('here'), ...speaker }),
  z.object({ says: z.literal('forgot'), ...speaker, removal: z.string(), found: z.number(), left: z.number() }),
  z.object({ says: z.literal('gone'), ...speaker }),
]);
export type Spoken = z.output<typeof spokenSchema>;

/** One other process. */
export interface Elsewhere {
  readonly process: string;
  readonly host: string;
  readonly roles: readonly string[];
  /** How much it held; null: it has not answered. */
  readonly found: number | null;
  readonly left: number;
  /** When it was last heard of. */
  readonly at: string;
}

/** How often each process says that it is here. */
export const HERE_EVERY_MS = 30 * 60_000;
/** A process that was not heard of for so long is not there any more. */
const SILENT_MS = 2 * HERE_EVERY_MS;
/** Stages without a memory of documents. Their processes come and go, each with a new id where its folder goes with it. */
const KEEP_NOTHING: ReadonlySet<string> = new Set(['classifier', 'dashboards']);
const LOOK_AGAIN_MS = 1_000;
const WITHIN_MS = 30_000;

/**
 * Of each process but `self` the answer to this removal, or that there is none. One that kept nothing and is gone is not
 * waited for. `now` in epoch milliseconds. Pure.
 */
export function elsewhere(spoken: readonly Spoken[], removal: string, self: string, now: number): Elsewhere[] {
  const others = new Map<string, Elsewhere>();
  const gone = new Set<string>();
  for (const one of spoken.toSorted((a, b) => a.at.localeCompare(b.at))) {
    if (one.process === self) continue;
    const { process, host, roles, at } = one;
    const known = others.get(process);
    const { found, left } =
      one.says === 'forgot' && one.removal === removal ? one : { found: known?.found ?? null, left: known?.left ?? 0 };
    others.set(process, { process, host, roles, found, left, at });
    if (one.says === 'gone' || now - Date.parse(at) > SILENT_MS) gone.add(process);
    else gone.delete(process);
  }
  return [...others.values()].filter(
    ({ process, roles, found }) =>
      found !== null || !gone.has(process) || roles.some((role) => !KEEP_NOTHING.has(role)),
  );
}

/** Waits for the others' answers for some time. @throws TidewatchError storage.unavailable */
export async function answersOf(
  stream: Stream,
  { removal, self }: { readonly removal: string; readonly self: string },
  signal: AbortSignal = new AbortController().signal,
): Promise<Elsewhere[]> {
  const end = performance.now() + WITHIN_MS;
  for (;;) {
    const spoken: Spoken[] = [];
    for await (const messages of stream.scan<unknown>(TOPICS.forgetting, signal)) {
      for (const { value } of messages) {
        const parsed = spokenSchema.safeParse(value);
        if (parsed.success) spoken.push(parsed.data);
      }
    }
    const others = elsewhere(spoken, removal, self, systemClock.now());
    if (others.every(({ found }) => found !== null) || performance.now() > end) return others;
    await systemClock.sleep(LOOK_AGAIN_MS, signal);
  }
}
