/** Answers by set, language and task, and each group's figures. Pure. */
import type { Heads } from '../labels.ts';
import { probabilitiesOf, rowsOf, type Answered } from './answers.ts';
import { fitTemperature } from './calibrate.ts';
import type { Group } from './evaluation.ts';
import { figuresOf, multiLabelFigures } from './measures.ts';
import { headOf, labelsOfTask, TASKS, type Task } from './sets.ts';

export function groupsOf(answered: readonly Answered[], heads: Heads): Group[] {
  const halves = crossFitted(answered);
  const groups = new Map<string, Answered[]>();
  const put = (key: string, one: Answered): void => {
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [one]);
    else own.push(one);
  };
  const sets = new Map<string, Set<string>>();
  for (const one of answered) {
    const { set, lang, task } = one.question;
    put([set, lang, task].join('\t'), one);
    put(['all', lang, task].join('\t'), one);
    const key = `${lang}\t${task}`;
    sets.set(key, (sets.get(key) ?? new Set()).add(set));
  }
  const order = ({ set, lang, task }: Group): string => `${TASKS.indexOf(task)} ${lang} ${set === 'all' ? '~' : set}`;
  return [...groups]
    .filter(([key]) => !key.startsWith('all\t') || (sets.get(key.slice(4))?.size ?? 0) > 1)
    .map(([key, own]) => groupOf(key.split('\t') as [string, string, Task], own, heads, halves))
    .sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

function groupOf(
  [set, lang, task]: [string, string, Task],
  own: readonly Answered[],
  heads: Heads,
  halves: ReadonlyMap<Answered, number>,
): Group {
  const head = heads[headOf(task)];
  const labels = labelsOfTask(task, heads);
  const temperature = head?.temperature ?? 1;
  const about = { set, lang, task };
  if (task === 'topics_zh') {
    const thresholds = heads.topics_zh?.thresholds ?? [];
    const answers = own.map((one) => {
      const probabilities = probabilitiesOf(one, temperature);
      const said = probabilities.map((probability, place) => probability >= (thresholds[place] ?? 0.5));
      return { probabilities, said, gold: one.row.gold };
    });
    return {
      ...about,
      masked: null,
      figures: null,
      multi: multiLabelFigures(answers, labels),
      open: null,
      ece_fitted: null,
    };
  }
  const measure = (resamples: number | undefined, probabilities: (one: Answered) => number[]) =>
    figuresOf(
      own.map((one) => ({ probabilities: probabilities(one), gold: one.row.gold })),
      labels,
      resamples,
    );
  const possible = set === 'all' ? null : (own[0]?.row.possible ?? null);
  const isMasked = own.some(({ row }) => row.possible !== null);
  const open = isMasked ? measure(0, (one) => probabilitiesOf(one, temperature, true)) : null;
  return {
    ...about,
    masked: isMasked ? (possible?.map((place) => labels[place] ?? '') ?? []) : null,
    figures: measure(undefined, (one) => probabilitiesOf(one, temperature)),
    multi: null,
    open: open === null ? null : { accuracy: open.accuracy, macro_f1: open.macro_f1, ece: open.ece },
    ece_fitted: measure(0, (one) => probabilitiesOf(one, halves.get(one) ?? temperature)).ece,
  };
}

/** For each answer, its head's temperature as fitted on the other half of the rows. */
function crossFitted(answered: readonly Answered[]): Map<Answered, number> {
  const halves = [answered.filter((_, index) => index % 2 === 0), answered.filter((_, index) => index % 2 === 1)];
  const temperatures = halves.map((half) => {
    const known = new Map<string, number>();
    return (head: keyof Heads): number | undefined => {
      const rows = rowsOf(half, head);
      if (head === 'topics_zh' || rows.length === 0) return undefined;
      const temperature = known.get(head) ?? fitTemperature(rows);
      known.set(head, temperature);
      return temperature;
    };
  });
  const found = new Map<Answered, number>();
  halves.forEach((half, index) => {
    for (const one of half) {
      const temperature = temperatures[1 - index]?.(headOf(one.question.task));
      if (temperature !== undefined) found.set(one, temperature);
    }
  });
  return found;
}
