/**
 * What is to be learned from people: one line a document, with the label that they agree on and how sure that is
 * (core/trust decides both), split into what is taught and what is asked at the end. The split goes by a hash of the story,
 * so a document that was once held out is held out in every later run as well: no candidate ever trained on its own exam, nor
 * on a copy of it, whichever story that is filed under. Rejected: a random split a run (after three runs every row would have been trained on).
 */
import { stableId } from '../../core/event.ts';
import { detectLanguage } from '../../core/text.ts';

/** Names of the two sets that lessons are trained as: what people say, and what the current model says beside it. */
export const FEEDBACK = 'feedback';
export const KEPT = 'kept';

/** A document with what people say of it. */
export interface Lesson {
  readonly id: string;
  /** Copies of one story are held out together; the document itself where it has none. */
  readonly story: string;
  /** As `modelText` of core/text.ts makes it. */
  readonly text: string;
  readonly language: string;
  readonly sentiment?: string;
  readonly topic?: string;
  /** How much the labels are to count, above 0. */
  readonly weight: number;
}

export interface Lessons {
  readonly taught: readonly Lesson[];
  readonly heldOut: readonly Lesson[];
}

/**
 * Divides by story: about `share` of the stories are held out, the same ones in every run. A text that is asked under one story
 * ("Stocks making the biggest moves midday") is not taught under another: it is in neither part then.
 */
export function divide(lessons: readonly Lesson[], share: number): Lessons {
  const isHeldOut = ({ story, id }: Lesson): boolean => {
    const place = Number.parseInt(stableId('held out', story === '' ? id : story).slice(0, 8), 16);
    return place / 0x1_0000_0000 < share;
  };
  const heldOut = lessons.filter(isHeldOut);
  const asked = new Set(heldOut.map(({ text }) => text));
  return { taught: lessons.filter((one) => !isHeldOut(one) && !asked.has(one.text)), heldOut };
}

/**
 * The same lessons with weights of mean 1: how much one counts against another stays, and that nobody is ever quite sure does not
 * make all of them count less than the old lessons beside them.
 */
export function evened(lessons: readonly Lesson[]): Lesson[] {
  const mean = lessons.reduce((sum, { weight }) => sum + weight, 0) / Math.max(1, lessons.length);
  return mean === 0 ? [...lessons] : lessons.map((one) => ({ ...one, weight: one.weight / mean }));
}

/** The line that training reads (classifier/train/data.ts). */
export function lineOf({ id, text, language, sentiment, topic, weight }: Lesson): string {
  const lang = language === '' ? detectLanguage(text) : language;
  return JSON.stringify({ id, text, lang, sentiment, topic, weight: Math.round(weight * 1000) / 1000 });
}
