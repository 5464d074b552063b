/**
 * Measures a served artifact: its own tokenizer, graphs and batches on the CPU, as the onnx backend runs them, but with the
 * logits in hand, so that calibration can be looked at. Every question is asked once; figures come from pure functions.
 */
import { basename } from 'node:path';
import { TidewatchError } from '../../core/errors.ts';
import { cleanedText, modelText } from '../../core/text.ts';
import { loadArtifact, type Artifact } from '../artifact.ts';
import type { Session } from '../backends/inference.ts';
import { openSession } from '../backends/onnx_session.ts';
import { referenceOf } from '../drift.ts';
import { labelsOf, type Heads, type Logits } from '../labels.ts';
import { textsById } from '../train/texts.ts';
import { answer } from './answers.ts';
import type { Evaluation } from './evaluation.ts';
import { calibrations, meanProbabilities } from './fitted.ts';
import { groupsOf } from './groups.ts';
import { kindFigures, type RobustnessCase } from './robustness.ts';
import { labelsOfTask, readQuestions, type Question } from './sets.ts';

export interface EvaluateOptions {
  readonly folder: string;
  readonly files: readonly string[];
  /** Gives the content of each of the files, which may be of another encoding than UTF-8; absent: they are UTF-8. */
  readonly read?: (file: string) => string;
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

/** @throws TidewatchError model.*, library.missing, input.invalid */
export async function evaluateModel(options: EvaluateOptions): Promise<Evaluation> {
  const artifact = await loadArtifact(options.folder);
  const { questions, skipped } = readQuestions(
    options.files,
    artifact.heads,
    textsById(options.texts ?? []),
    options.read,
  );
  if (questions.length === 0) {
    throw new TidewatchError(
      'input.invalid',
      `--data: no line of ${options.files.join(', ')} asks ${artifact.model} anything`,
      {
        hint: 'Labels are written as the model has them (negative, neutral, positive); lines that only have an id need --texts.',
      },
    );
  }
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
