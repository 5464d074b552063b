/**
 * Whether a source is well: keeps its usual rate, and says when it is quiet (silent for longer than that rate explains),
 * failing, or dead (failed for good, or for longer than the settings allow). Each change is said once in the log and
 * counted; health, metrics and the alert are made of the same verdict.
 */
import type { Context } from '../core/component.ts';
import { isoTime } from '../core/event.ts';
import type { SourceHealth } from '../core/health.ts';
import type { SourceCondition } from './source.ts';
import { createUsualRate, type RateHistory } from './usual_rate.ts';

export interface SilenceRules {
  /** A silence less probable than this is called quiet. */
  readonly quietProbability: number;
  /** A source that has failed for so long is called dead. */
  readonly deadAfterMs: number;
}

export interface Verdict {
  readonly status: SourceHealth['status'];
  readonly reason: string | null;
  readonly usualPerHour: number | null;
}

export interface SilenceKeeper {
  /** Documents came in. */
  brought(count: number): void;
  /** What is to be said of the source now. */
  judge(condition: SourceCondition): Verdict;
  /** Counts the time since the last look as watched, where the source works, and keeps what was learnt. */
  look(condition: SourceCondition): Promise<void>;
}

const HOUR_MS = 3_600_000;

export function createSilenceKeeper(
  name: string,
  rules: SilenceRules,
  { clock, state }: Pick<Context, 'clock' | 'state'>,
): SilenceKeeper {
  const table = state.table<RateHistory>('ingest_rates');
  const rate = createUsualRate(table.get(name));
  let lastAt: number | null = null;
  /** Since when it has worked without a break, as far as we have seen. */
  let workingSince: number | null = null;
  let failingSince: number | null = null;
  let keptHour = Math.floor(clock.now() / HOUR_MS);

  function note({ status }: SourceCondition): void {
    const now = clock.now();
    if (status === 'ok') {
      failingSince = null;
      workingSince ??= now;
    } else if (status !== 'starting') {
      workingSince = null;
      failingSince ??= now;
    }
  }

  return {
    brought(count) {
      if (count === 0) return;
      const now = clock.now();
      rate.watched(now, count, lastAt === null || workingSince === null || workingSince > lastAt ? 0 : now - lastAt);
      lastAt = now;
    },
    judge(condition) {
      note(condition);
      const now = clock.now();
      const usualPerHour = rate.perHour(now, lastAt ?? now);
      const verdict = (status: Verdict['status'], reason: string | null): Verdict => ({ status, reason, usualPerHour });
      if (failingSince !== null && (condition.status === 'dead' || now - failingSince > rules.deadAfterMs)) {
        const since = `It has failed since ${isoTime(failingSince)}`;
        return verdict(
          'dead',
          condition.status === 'dead' ? condition.reason : `${since}: ${condition.reason ?? 'unknown'}`,
        );
      }
      if (condition.status !== 'ok' || workingSince === null) return verdict(condition.status, condition.reason);
      const from = Math.max(lastAt ?? 0, workingSince);
      const silence = rate.silence(from, now);
      if (silence === null || !silence.isRecord || silence.probability >= rules.quietProbability) {
        return verdict('ok', null);
      }
      const { expected, probability } = silence;
      return verdict(
        'quiet',
        `It answers, but has brought nothing since ${isoTime(from)}, where about ${expected.toPrecision(2)} documents were usual (probability ${probability.toExponential(0)}). Look whether its address still carries news`,
      );
    },
    async look(condition) {
      note(condition);
      const now = clock.now();
      if (condition.status === 'ok') rate.watched(now, 0);
      const hour = Math.floor(now / HOUR_MS);
      if (hour === keptHour) return;
      keptHour = hour;
      await table.put(name, rate.history());
    },
  };
}
