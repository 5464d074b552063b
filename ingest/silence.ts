/**
 * Whether a source is well: keeps its usual rate, and says when it is quiet (silent for longer than that rate explains),
 * failing, or dead (failed for good, or for longer than the settings allow). Each change is said once in the log and
 * counted; health, metrics and the alert are made of the same verdict.
 *
 * A silence is what was watched of it: neither a stop of ours nor a failure of the source adds to it or ends it; only a
 * document does. It is kept in the state each hour, at each change that is told, and at a stop; a kill loses the last hour
 * of it at most, and never of one that was told.
 */
import type { Context } from '../core/component.ts';
import { isoTime } from '../core/event.ts';
import type { SourceCause, SourceHealth } from '../core/health.ts';
import type { SourceCondition } from './source.ts';
import { createUsualRate, type RateHistory, type Span } from './usual_rate.ts';

export interface SilenceRules {
  /** A silence less probable than this is called quiet. */
  readonly quietProbability: number;
  /** A source that has failed for so long is called dead. */
  readonly deadAfterMs: number;
}

export interface Verdict {
  readonly status: SourceHealth['status'];
  readonly reason: string | null;
  /** Where it is quiet or dead. */
  readonly cause?: SourceCause;
  readonly usualPerHour: number | null;
}

/** When documents came last (epoch milliseconds), and how old the newest of them was. */
export interface LastDocuments {
  readonly at: number;
  readonly lagSecs: number | null;
}

export interface SilenceKeeper {
  /** Documents came in; `lagSecs`: the age of the newest. */
  brought(count: number, lagSecs: number | null): void;
  /** In this run or an earlier one; null before the first. */
  last(): LastDocuments | null;
  /** What is to be said of the source now. */
  judge(condition: SourceCondition): Verdict;
  /** Counts the time since the last look as watched, where the source works, and keeps what was learnt each hour. */
  look(condition: SourceCondition): Promise<void>;
  /** Keeps what was learnt. */
  keep(): Promise<void>;
}

/** Plain data in the state. */
interface KeptSilence {
  readonly last: LastDocuments | null;
  /** What was watched since, oldest first. */
  readonly watched: readonly Span[];
}

const HOUR_MS = 3_600_000;
/** A source that fails every few minutes breaks a silence into many. */
const MOST_SPANS = 200;

export function createSilenceKeeper(
  name: string,
  rules: SilenceRules,
  { clock, state }: Pick<Context, 'clock' | 'state'>,
): SilenceKeeper {
  const rates = state.table<RateHistory>('ingest_rates');
  const silences = state.table<KeptSilence>('ingest_silences');
  const rate = createUsualRate(rates.get(name));
  const kept = silences.get(name);
  let last = kept?.last ?? null;
  let watched: Span[] = [...(kept?.watched ?? [])];
  /** Whether it works: the last span is still open. */
  let isWatching = false;
  let failingSince: number | null = null;
  let keptHour = Math.floor(clock.now() / HOUR_MS);

  function note({ status }: SourceCondition): void {
    const now = clock.now();
    if (status === 'ok') {
      failingSince = null;
      const open = isWatching ? watched.pop() : undefined;
      watched.push([open?.[0] ?? now, now]);
      isWatching = true;
      if (watched.length > MOST_SPANS) watched.splice(shortest(watched), 1);
    } else if (status !== 'starting') {
      isWatching = false;
      failingSince ??= now;
    }
  }

  async function keep(): Promise<void> {
    await state.transaction(() => {
      void rates.put(name, rate.history());
      void silences.put(name, { last, watched });
    });
  }

  return {
    brought(count, lagSecs) {
      if (count === 0) return;
      const now = clock.now();
      const open = isWatching ? now - (watched.at(-1)?.[1] ?? now) : 0;
      rate.watched(now, count, last === null ? 0 : watched.reduce((sum, [from, to]) => sum + to - from, open));
      last = { at: now, lagSecs };
      watched = isWatching ? [[now, now]] : [];
    },
    last: () => last,
    judge(condition) {
      note(condition);
      const now = clock.now();
      const usualPerHour = rate.perHour(now, last?.at ?? now);
      const verdict = (status: Verdict['status'], reason: string | null): Verdict => ({ status, reason, usualPerHour });
      if (failingSince !== null && (condition.status === 'dead' || now - failingSince > rules.deadAfterMs)) {
        const cause = { kind: 'failure', since: isoTime(failingSince), error: condition.reason } as const;
        const long = `It has failed since ${cause.since}: ${condition.reason ?? 'unknown'}`;
        return { ...verdict('dead', condition.status === 'dead' ? condition.reason : long), cause };
      }
      const [first] = watched;
      if (condition.status !== 'ok' || first === undefined) return verdict(condition.status, condition.reason);
      const silence = rate.silence(watched);
      if (silence === null || !silence.isRecord || silence.probability >= rules.quietProbability) {
        return verdict('ok', null);
      }
      const { expected, probability } = silence;
      const cause = { kind: 'silence', since: isoTime(last?.at ?? first[0]), expected, probability } as const;
      return {
        ...verdict(
          'quiet',
          `It answers, but has brought nothing since ${cause.since}, where about ${Number(expected.toPrecision(2))} documents were usual (probability ${probability.toExponential(0)}). Look whether its address still carries news`,
        ),
        cause,
      };
    },
    async look(condition) {
      note(condition);
      const now = clock.now();
      if (condition.status === 'ok') rate.watched(now, 0);
      const hour = Math.floor(now / HOUR_MS);
      if (hour === keptHour) return;
      keptHour = hour;
      await keep();
    },
    keep,
  };
}

function shortest(spans: readonly Span[]): number {
  let found = 0;
  for (const [index, [from, to]] of spans.entries()) {
    const [start = 0, end = 0] = spans[found] ?? [];
    if (to - from < end - start) found = index;
  }
  return found;
}
