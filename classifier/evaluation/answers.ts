/** Questions with the logits that answer them, and what probabilities those are. Pure. */
import type { Heads, Logits } from '../labels.ts';
import { sigmoid, softmax, type CalibrationRow } from './calibrate.ts';
import { headOf, possibleOf, type Question, type Task } from './sets.ts';

/** A question with the logits that answer it, and what its set lets it answer. */
export interface Answered {
  readonly question: Question;
  readonly row: CalibrationRow;
}

export function answer(
  questions: readonly Question[],
  logitsOf: (question: Question) => Logits,
  heads: Heads,
): Answered[] {
  const keyOf = ({ set, task }: Question): string => `${set}\t${task}`;
  const golds = new Map<string, (readonly number[])[]>();
  for (const question of questions) {
    const own = golds.get(keyOf(question)) ?? [];
    own.push(question.gold);
    golds.set(keyOf(question), own);
  }
  const possible = new Map(
    [...golds].map(([key, own]) => [key, possibleOf(key.split('\t')[1] as Task, own, heads)] as const),
  );
  return questions.map((question) => ({
    question,
    row: {
      set: question.set,
      logits: [...(logitsOf(question)[headOf(question.task)] ?? [])],
      gold: question.gold,
      possible: possible.get(keyOf(question)) ?? null,
    },
  }));
}

/** Probabilities of a question's answers at a temperature. */
export function probabilitiesOf({ question, row }: Answered, temperature: number, open = false): number[] {
  if (question.task === 'topics_zh') return row.logits.map((logit) => sigmoid(logit, temperature));
  const probabilities = softmax(row.logits, temperature, open ? null : row.possible);
  if (question.task !== 'negative' && question.task !== 'entity_negative') return probabilities;
  const negative = probabilities[0] ?? 0;
  return [1 - negative, negative];
}

/** Rows that a head's temperature is fitted on: not those whose answer is only "negative or not". */
export function rowsOf(answered: readonly Answered[], head: keyof Heads): CalibrationRow[] {
  return answered.filter(({ question }) => question.task === head).map(({ row }) => row);
}
