/**
 * Runs one source and keeps its health. A source that throws is started again after a pause if a retry can help, else
 * it stays down and says why; either way the others never notice.
 */
import type { Context } from '../core/component.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { SourceCause, SourceHealth } from '../core/health.ts';
import { createSilenceKeeper, type SilenceRules } from './silence.ts';
import type { Emit, Source } from './source.ts';
import { isBad, toldOf } from './source_news.ts';
import { parseTime } from './time.ts';

export interface SupervisedSource {
  readonly endless: boolean;
  health(): SourceHealth;
  /** Resolves when the source has ended, for good or ill, or the signal aborts. Never rejects. */
  run(): Promise<void>;
}

/** How often a source is looked at. */
const LOOK_MS = 60_000;
const RESTART_MS = 5_000;
const LONGEST_RESTART_MS = 300_000;

export interface SuperviseOptions {
  readonly silence: SilenceRules;
  /** Hears when it goes quiet or dies, and when it is well again; resolves when that is durable. */
  readonly onChange: (health: SourceHealth & { readonly cause?: SourceCause }) => Promise<void>;
}

export function superviseSource(
  { name, type }: { readonly name: string; readonly type: string },
  source: Source,
  take: Emit,
  context: Pick<Context, 'clock' | 'log' | 'metrics' | 'signal' | 'state'>,
  { silence: rules, onChange }: SuperviseOptions,
): SupervisedSource {
  const { clock, log, metrics, signal } = context;
  const silence = createSilenceKeeper(name, rules, context);
  let items = 0;
  let hasEnded = false;
  let crash: { readonly reason: string; readonly next: string | null } | null = null;

  const emit: Emit = async (batch, options) => {
    const receipt = await take(batch, options);
    items += receipt.accepted;
    const times = batch.map((item) => parseTime(item.published_at ?? '')).filter((time) => time !== null);
    const newest = times.reduce<number | null>((a, b) => Math.max(a ?? b, b), null);
    silence.brought(receipt.accepted, newest === null ? null : Math.max(0, clock.now() - newest) / 1000);
    return receipt;
  };

  function look(): { readonly health: SourceHealth; readonly cause: SourceCause | undefined } {
    const condition = source.condition();
    const judged = silence.judge(condition);
    const last = silence.last();
    const isDown = condition.status === 'failing' || condition.status === 'dead';
    const health: SourceHealth = {
      name,
      type,
      status: crash !== null ? 'failing' : hasEnded && !isDown ? 'finished' : judged.status,
      reason: crash?.reason ?? judged.reason,
      last_success_at: condition.last_success_at,
      last_item_at: last === null ? null : isoTime(last.at),
      items,
      next_attempt_at: crash === null ? condition.next_attempt_at : crash.next,
      lag_secs: last?.lagSecs ?? null,
      usual_per_hour: judged.usualPerHour,
    };
    return { health, cause: judged.cause };
  }

  /** Looks again and again, and tells once of each change for the worse and back. */
  async function watch(end: AbortSignal): Promise<void> {
    // Kept over restarts: a source that recovered while nobody ran is told of as well.
    const table = toldOf(context.state);
    let told = table.get(name) ?? 'starting';
    while (!end.aborted) {
      await clock.sleep(LOOK_MS, end).catch(() => undefined);
      const { health: seen, cause } = look();
      const isNews = seen.status !== told && (isBad(seen.status) || (isBad(told) && seen.status === 'ok'));
      try {
        await silence.look(source.condition());
        if (!isNews || end.aborted) continue;
        await onChange(cause === undefined ? seen : { ...seen, cause });
        told = seen.status;
        // With it, or the next start would find the source told quiet and the silence forgotten.
        await silence.keep();
        await table.put(name, told);
      } catch (thrown) {
        // The disk is full or the stream away: it is told at the next look.
        metrics.stage('ingest').error(toTidewatchError(thrown).code);
      }
    }
  }

  return {
    endless: source.endless,
    health: () => look().health,
    async run() {
      const ended = new AbortController();
      const watching = watch(AbortSignal.any([signal, ended.signal]));
      await runUntilDone();
      await silence.keep().catch((thrown: unknown) => metrics.stage('ingest').error(toTidewatchError(thrown).code));
      // A source that died is still looked at until the stage stops: whoever asks is told of it.
      if (source.condition().status !== 'dead') ended.abort();
      await watching;
    },
  };

  async function runUntilDone(): Promise<void> {
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        crash = null;
        await source.run(emit);
        hasEnded = !signal.aborted;
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toTidewatchError(thrown);
        metrics.stage('ingest').error(error.code);
        const wait = Math.min(LONGEST_RESTART_MS, RESTART_MS * 2 ** failures);
        crash = { reason: error.message, next: error.retryable ? isoTime(clock.now() + wait) : null };
        log.error(
          { err: error.code === 'internal' ? thrown : undefined, code: error.code },
          `${name} ${error.retryable ? `stopped; starting again in ${wait / 1000} s` : 'stopped'}: ${explainError(error)}`,
        );
        if (!error.retryable) {
          hasEnded = true;
          return;
        }
        await clock.sleep(wait, signal).catch(() => undefined);
      }
    }
  }
}
