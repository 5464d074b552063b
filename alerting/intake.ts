/** From messages to the watch: known ones are passed over by their offset, malformed ones become dead letters. */
import type { Clock } from '../core/clock.ts';
import { isoTime, opinionSchema } from '../core/event.ts';
import type { StageMetrics } from '../core/metrics.ts';
import type { DeadLetter, Message, Received } from '../core/stream/stream.ts';
import type { Offsets } from './checkpoint.ts';
import type { Heard } from './heard.ts';
import type { Watch } from './watch.ts';

export interface IntakeContext {
  readonly watch: Watch;
  readonly offsets: Offsets;
  readonly heard: Heard;
  readonly metrics: StageMetrics;
  readonly clock: Clock;
}

/**
 * A function that takes one message in and returns the dead letter it made, if it is no opinion. It returns that letter
 * for a known message as well: one that comes again was not acknowledged, so its letter was not written either.
 */
export function createIntake({ watch, offsets, heard, metrics, clock }: IntakeContext) {
  return (message: Received<unknown>): Message | null => {
    const parsed = opinionSchema.safeParse(message.value);
    const last = offsets.get(message.partition);
    // A log that was started anew counts from 0 again, with later times.
    const known = last !== undefined && message.offset <= last.offset && message.appended_at <= last.appendedAt;
    // Not beyond the present: a clock that is ahead would make a partition that is behind look as if it were not.
    const fetched = parsed.success ? Date.parse(parsed.data.document.fetched_at) : -Infinity;
    heard.note(message.partition, Math.min(fetched, clock.now()));
    if (!known) {
      offsets.set(message.partition, { offset: message.offset, appendedAt: message.appended_at });
      metrics.in(1);
      if (parsed.success) {
        const intake = watch.take(parsed.data, heard.until());
        if (intake !== 'taken') metrics.skipped(intake);
      } else metrics.error('input.invalid');
    }
    if (parsed.success) return null;
    const issue = parsed.error.issues[0];
    const value: DeadLetter = {
      stage: 'alerting',
      code: 'input.invalid',
      reason: `Not an opinion: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''}`,
      at: isoTime(clock.now()),
      value: message.value,
    };
    return { key: message.key, value };
  };
}
