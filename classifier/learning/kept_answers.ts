/**
 * What nobody spoke of is to stay as it was, on the very texts that are taught: a correction of the sentiment moves the layers
 * that the topic is read from. So beside each lesson stands what the current model answers for the other heads (learning
 * without forgetting: Li & Hoiem 2017), at half of a lesson's weight. Measured first without it: on sentences of a source that
 * the model did not know, taught in sentiment alone, a candidate changed a quarter of the topics.
 */
import { availableParallelism } from 'node:os';
import { softmax, sigmoid } from '../evaluation/calibrate.ts';
import type { Row } from '../train/data.ts';
import { openServed } from '../train/served.ts';
import type { Lesson } from './lesson.ts';

export interface KeptHead {
  readonly name: string;
  readonly labels: readonly string[];
  readonly temperature: number;
  readonly thresholds?: readonly number[] | undefined;
}

const WEIGHT = 0.5;

/** One line a lesson, of the labels that the current model gives where the lesson says nothing. */
export async function keptLines(
  lessons: readonly Lesson[],
  rows: readonly Pick<Row, 'ids'>[],
  graph: Uint8Array,
  heads: readonly KeptHead[],
  padId: number,
): Promise<string[]> {
  const served = await openServed([graph], padId, availableParallelism());
  try {
    const logits = await served.predict(rows);
    return lessons.map(({ id, text, language, sentiment, topic }, index) => {
      const best = (name: string): string | undefined => {
        const head = heads.find((one) => one.name === name);
        const own = logits[name]?.[index];
        if (head === undefined || own === undefined) return undefined;
        const shares = softmax(own, head.temperature);
        return head.labels[shares.indexOf(Math.max(...shares))];
      };
      const several = (name: string): string[] | undefined => {
        const head = heads.find((one) => one.name === name);
        const own = logits[name]?.[index];
        return own === undefined || head === undefined
          ? undefined
          : head.labels.filter((_, at) => sigmoid(own[at] ?? -99, head.temperature) >= (head.thresholds?.[at] ?? 0.5));
      };
      return JSON.stringify({
        id: `${id}#kept`,
        text,
        lang: language,
        sentiment: sentiment === undefined ? best('sentiment') : undefined,
        topic: topic === undefined ? best('topic') : undefined,
        event: best('event'),
        topics_zh: several('topics_zh'),
        weight: WEIGHT,
      });
    });
  } finally {
    await served.close();
  }
}
