/**
 * Measures a served artifact: its own tokenizer, graphs and batches on the CPU, as the onnx backend runs them, but with the
 * logits in hand, so that calibration can be looked at. Every question is asked once; figures come from pure functions.
 */
import { basename } from 'node:path';
import { cleanedText, modelText } from '../../core/text.ts';
import { loadArtifact, type Artifact } from '../artifact.ts';
import type { Session } from '../backends/inference.ts';
import { openSession } from '../backends/onnx_session.ts';
import { referenceOf } from '../drift.ts';
import { labelsOf, type Heads, type Logits } from '../labels.ts';
import { textsById } from '../train/texts.ts';
import {
  fitSigmoidTemperature,
  fitTemperature,
  fitThresholds,
  sigmoid,
  softmax,
  type CalibrationRow,
} from './calibrate.ts';
import type { Calibration, Evaluation, Group } from './evaluation.ts';
import { figuresOf, multiLabelFigures } from './measures.ts';
import { kindFigures, type RobustnessCase } from './robustness.ts';
import { headOf, labelsOfTask, possibleOf, readQuestions, TASKS, type Question, type Task } from './sets.ts';

export interface EvaluateOptions {
  readonly folder: string;
  readonly files: readonly string[];
  /** JSON lines with the texts, by id, of lines that only have an id. */
  readonly texts?: readonly string[];
  readonly split: string;
  readonly cases: readonly RobustnessCase[];
  readonly threads: number;
  /** Called after each group of texts. */
  readonly progress: (done: number, total: number) => void;
}

/** Texts that are given to the model between two reports of progress. */
const GROUP = 512;

/** A question with the logits that answer it, and what its set lets it answer. */
interface Answered {
  readonly question: Question;
  readonly row: CalibrationRow;
}

/** @throws TidewatchError model.*, library.missing, input.invalid */
export async function evaluateModel(options: EvaluateOptions): Promise<Evaluation> {
  const artifact = await loadArtifact(options.folder);
  const { questions, skipped } = readQuestions(options.files, artifact.heads, textsById(options.texts ?? []));
  const { threads } = options;
  const session = await openSession({
    ...artifact,
    provider: 'cpu',
    threads,
    limits: LIMITS,
    earlyExit: true,
    embeds: false,
  });
  try {
    const texts = [
      ...new Set(questions.filter(({ entity }) => entity === undefined).map(({ text }) => modelText(null, text))),
    ];
    const asked = questions.filter(({ entity }) => entity !== undefined);
    const honest = questions.filter(({ text, task }) => isChanged(text) && (task === 'sentiment' || task === 'topic'));
    const total = texts.length + asked.length + honest.length + options.cases.length * 2;
    let done = 0;
    const run = askInGroups(session, artifact, (count) => options.progress((done += count), total));
    const answers = new Map((await run(texts)).map((logits, index) => [texts[index] ?? '', logits]));
    const towards = await run(
      asked.map(({ text, entity = '' }) => ({ text: modelText(null, text), entity: modelText(null, entity) })),
    );
    const about = new Map(asked.map((question, index) => [question, towards[index] ?? {}]));
    const logitsOf = (question: Question): Logits =>
      about.get(question) ?? answers.get(modelText(null, question.text)) ?? {};
    const answered = answer(questions, logitsOf, artifact.heads);
    const unfolded = await run(honest.map(({ text }) => cleanedText(null, text)));
    const labels = (logits: Logits) => labelsOf(logits, 0, artifact.heads);
    const sentiments = async (given: readonly string[]): Promise<string[]> =>
      (await run(given)).map((logits) => labels(logits).sentiment);
    const calibration = calibrations(answered, artifact.heads);
    return {
      model: artifact.model,
      split: options.split,
      files: options.files.map((file) => basename(file)),
      skipped,
      groups: groupsOf(answered, artifact.heads),
      calibration,
      mean_probabilities: meanProbabilities(answered, artifact.heads),
      normaliser: {
        texts: texts.length,
        changed: new Set(questions.filter(({ text }) => isChanged(text)).map(({ text }) => text)).size,
        asked: honest.length,
        before: shareRight(honest, (_, index) => unfolded[index] ?? {}, artifact.heads),
        after: shareRight(honest, logitsOf, artifact.heads),
      },
      robustness: kindFigures(
        options.cases,
        await sentiments(options.cases.map(({ text }) => text)),
        await sentiments(options.cases.map(({ text }) => modelText(null, text))),
      ),
      reference: referenceOf([...answers.values()].map(labels)),
    };
  } finally {
    await session.close();
  }
}

const LIMITS = { maxTokens: 512, maxTexts: 64 };
type Asked = string | { readonly text: string; readonly entity: string };

const isChanged = (text: string): boolean => cleanedText(null, text) !== modelText(null, text);

/** Logits of each text or question on its own, in order. */
function askInGroups(session: Session, { heads }: Artifact, report: (count: number) => void) {
  const names = (Object.keys(heads) as (keyof Heads)[]).filter((name) => heads[name] !== null);
  const forTexts = names.filter((name) => name !== 'entity_sentiment');
  return async (asked: readonly Asked[]): Promise<Logits[]> => {
    const results: Logits[] = [];
    const order = asked.map((_, index) => index).sort((a, b) => sizeOf(asked[a]) - sizeOf(asked[b]));
    for (let from = 0; from < order.length; from += GROUP) {
      const places = order.slice(from, from + GROUP);
      const texts = places.map((place) => asked[place] as Asked);
      const wanted = typeof texts[0] === 'string' ? forTexts : (['entity_sentiment'] as const);
      const logits = await session.infer({ texts, heads: wanted });
      places.forEach((place, row) => {
        results[place] = Object.fromEntries(
          wanted.map((name) => {
            const width = heads[name]?.labels.length ?? 0;
            return [name, logits[name]?.slice(row * width, (row + 1) * width) ?? new Float32Array()];
          }),
        );
      });
      report(places.length);
    }
    return results;
  };
}

const sizeOf = (asked: Asked | undefined): number => (typeof asked === 'string' ? asked : (asked?.text ?? '')).length;

function answer(questions: readonly Question[], logitsOf: (question: Question) => Logits, heads: Heads): Answered[] {
  const golds = new Map<string, (readonly number[])[]>();
  const keyOf = ({ set, task }: Question): string => `${set}\t${task}`;
  for (const question of questions) golds.set(keyOf(question), [...(golds.get(keyOf(question)) ?? []), question.gold]);
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
function probabilitiesOf({ question, row }: Answered, temperature: number, open = false): number[] {
  if (question.task === 'topics_zh') return row.logits.map((logit) => sigmoid(logit, temperature));
  const probabilities = softmax(row.logits, temperature, open ? null : row.possible);
  if (question.task !== 'negative' && question.task !== 'entity_negative') return probabilities;
  const negative = probabilities[0] ?? 0;
  return [1 - negative, negative];
}

function groupsOf(answered: readonly Answered[], heads: Heads): Group[] {
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

/** Rows that a head's temperature is fitted on: not those whose answer is only "negative or not". */
function rowsOf(answered: readonly Answered[], head: keyof Heads): CalibrationRow[] {
  return answered.filter(({ question }) => question.task === head).map(({ row }) => row);
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

function calibrations(answered: readonly Answered[], heads: Heads): Record<string, Calibration> {
  const found: Record<string, Calibration> = {};
  for (const name of ['sentiment', 'topic', 'event', 'entity_sentiment'] as const) {
    const head = heads[name];
    const rows = rowsOf(answered, name);
    if (head === null || rows.length === 0) continue;
    found[name] = { temperature: head.temperature, fitted_temperature: rounded(fitTemperature(rows)) };
  }
  const rows = rowsOf(answered, 'topics_zh');
  if (heads.topics_zh !== null && rows.length > 0) {
    const { temperature, thresholds, labels } = heads.topics_zh;
    const fitted = fitSigmoidTemperature(rows);
    found['topics_zh'] = {
      temperature,
      fitted_temperature: rounded(fitted),
      thresholds,
      fitted_thresholds: fitThresholds(rows, labels.length, fitted),
    };
  }
  return found;
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

function meanProbabilities(answered: readonly Answered[], heads: Heads): number[][] | null {
  const rows = answered.filter(({ question, row }) => question.task === 'sentiment' && row.possible === null);
  const means = (heads.sentiment?.labels ?? []).map((_, truth) => {
    const own = rows.filter(({ row }) => row.gold[0] === truth);
    const sums = own.map((one) => probabilitiesOf(one, heads.sentiment?.temperature ?? 1));
    return (heads.sentiment?.labels ?? []).map((_label, label) =>
      rounded(sums.reduce((sum, probabilities) => sum + (probabilities[label] ?? 0), 0) / own.length),
    );
  });
  return means.every((row) => row.every(Number.isFinite)) ? means : null;
}

function shareRight(
  questions: readonly Question[],
  logitsOf: (question: Question, index: number) => Logits,
  heads: Heads,
): number {
  const right = questions.filter((question, index) => {
    const labels = labelsOf(logitsOf(question, index), 0, heads);
    const said = question.task === 'topic' ? labels.topic : labels.sentiment;
    return question.gold.includes(labelsOfTask(question.task, heads).indexOf(said));
  });
  return right.length / Math.max(1, questions.length);
}
