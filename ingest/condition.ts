/**
 * Keeps how a source fares, and says it once: the first failure at warn with what to do, then silence (debug) until it
 * recovers (info). A feed that is down for a day must not write a line every minute.
 */
import type { Context } from '../core/component.ts';
import { toTidewatchError, type TidewatchError } from '../core/errors.ts';
import { isoTime } from '../core/event.ts';
import type { SourceCondition } from './source.ts';

export interface ConditionKeeper {
  read(): SourceCondition;
  /** The origin answered. `nextAttemptAt` in epoch milliseconds where another try is planned. */
  succeeded(nextAttemptAt?: number): void;
  failed(error: unknown, nextAttemptAt?: number): void;
  /** It failed for good: the origin said so, or no retry can help. */
  died(error: unknown): void;
}

/** `what` names the origin in log lines, such as a redacted URL. */
export function createConditionKeeper(context: Pick<Context, 'clock' | 'log' | 'name'>, what: string): ConditionKeeper {
  let condition: SourceCondition = { status: 'starting', reason: null, last_success_at: null, next_attempt_at: null };
  const timeOrNull = (epochMs?: number): string | null => (epochMs === undefined ? null : isoTime(epochMs));
  return {
    read: () => condition,
    succeeded(nextAttemptAt) {
      if (condition.status === 'failing' || condition.status === 'dead')
        context.log.info(`${context.name}: ${what} works again`);
      condition = {
        status: 'ok',
        reason: null,
        last_success_at: isoTime(context.clock.now()),
        next_attempt_at: timeOrNull(nextAttemptAt),
      };
    },
    failed(thrown, nextAttemptAt) {
      const error = toTidewatchError(thrown);
      const reason = reasonOf(error);
      const again =
        nextAttemptAt === undefined
          ? ''
          : ` (next try in ${Math.max(1, Math.round((nextAttemptAt - context.clock.now()) / 1000))} s, quiet until it works)`;
      const first = condition.status !== 'failing';
      context.log[first ? 'warn' : 'debug']({ code: error.code }, `${context.name}: ${reason}${again}`);
      condition = {
        ...condition,
        status: 'failing',
        reason,
        next_attempt_at: timeOrNull(nextAttemptAt),
      };
    },
    died(thrown) {
      const error = toTidewatchError(thrown);
      const reason = reasonOf(error);
      context.log.error({ code: error.code }, `${context.name}: ${reason}`);
      condition = { ...condition, status: 'dead', reason, next_attempt_at: null };
    },
  };
}

function reasonOf({ message, hint }: TidewatchError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}
