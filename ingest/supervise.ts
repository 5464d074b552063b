/**
 * Runs one source and keeps its health. A source that throws is started again after a pause if a retry can help, else
 * it stays down and says why; either way the others never notice.
 */
import type { Context } from '../core/component.ts';
import { explainError, toTidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { SourceHealth } from '../core/health.ts';
import type { Emit, Source } from './source.ts';

export interface SupervisedSource {
  readonly endless: boolean;
  health(): SourceHealth;
  /** Resolves when the source has ended, for good or ill, or the signal aborts. Never rejects. */
  run(): Promise<void>;
}

const QUIET_AFTER_MS = 3_600_000;
const RESTART_MS = 5_000;
const LONGEST_RESTART_MS = 300_000;

export function superviseSource(
  { name, type }: { readonly name: string; readonly type: string },
  source: Source,
  take: Emit,
  context: Pick<Context, 'clock' | 'log' | 'metrics' | 'signal'>,
): SupervisedSource {
  const { clock, log, metrics, signal } = context;
  const startedAt = clock.now();
  let items = 0;
  let lastItemAt: number | null = null;
  let hasEnded = false;
  let crash: { readonly reason: string; readonly next: string | null } | null = null;

  const emit: Emit = async (batch, options) => {
    const receipt = await take(batch, options);
    items += receipt.accepted;
    if (receipt.accepted > 0) lastItemAt = clock.now();
    return receipt;
  };

  return {
    endless: source.endless,
    health() {
      const { status, reason, last_success_at, next_attempt_at } = source.condition();
      const isQuiet = clock.now() - (lastItemAt ?? startedAt) > QUIET_AFTER_MS;
      const seen = status === 'ok' && isQuiet ? 'quiet' : status;
      return {
        name,
        type,
        status: crash !== null ? 'failing' : hasEnded && status !== 'failing' && status !== 'dead' ? 'finished' : seen,
        reason: crash?.reason ?? reason,
        last_success_at,
        last_item_at: lastItemAt === null ? null : isoTime(lastItemAt),
        items,
        next_attempt_at: crash === null ? next_attempt_at : crash.next,
      };
    },
    async run() {
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
    },
  };
}
