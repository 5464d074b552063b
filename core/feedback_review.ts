/**
 * What a colleague decides about feedback that was held (core/trust): release it, or reject it. Rows are only ever added; the
 * latest about a row of feedback stands. Who said a thing does not review it.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { authorSchema } from './action.ts';
import { TidewatchError } from './errors.ts';
import { isoTime } from './event.ts';
import type { FeedbackRow } from './feedback.ts';

export const reviewRequestSchema = z.strictObject({
  author: authorSchema,
  decision: z.enum(['release', 'reject']),
  reason: z.string().trim().max(1000).default(''),
});
export type ReviewRequest = z.output<typeof reviewRequestSchema>;

/** One row, as the store has it. */
export interface ReviewRow extends ReviewRequest {
  readonly id: string;
  readonly at: string;
  readonly via: FeedbackRow['via'];
  readonly feedback_id: string;
  /** So that `forget` finds it. */
  readonly document_id: string;
  readonly alert_id: string;
}

/** @throws TidewatchError access.forbidden where somebody reviews what they said themselves */
export function newReview(row: FeedbackRow, given: ReviewRequest, via: ReviewRow['via'], now: number): ReviewRow {
  if (given.author === row.author) {
    throw new TidewatchError('access.forbidden', 'That is what you said yourself: somebody else reviews it.');
  }
  const { document_id, alert_id } = row;
  const id = randomUUID().replaceAll('-', '');
  return { ...given, id, at: isoTime(now), via, feedback_id: row.id, document_id, alert_id };
}
