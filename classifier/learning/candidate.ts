/** The candidate after training: written, calibrated, and asked the same questions as the model that labels now. */
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { loadArtifact } from '../artifact.ts';
import { SAMPLE } from '../train/assess.ts';
import { type Calibration, fitHeads } from '../train/calibration.ts';
import { createEncoder, type Encode, readDevelopment, readRows, type Row, sampleTraining } from '../train/data.ts';
import { activationsOf, graphsOf, readTrained, SERVED_TOKENS, writeArtifact } from '../train/export.ts';
import { readWholeGraph } from '../train/join.ts';
import { machine } from '../train/machine.ts';
import type { HeadShape } from '../train/model.ts';
import { PLAIN_SET, type Recipe } from '../train/recipe.ts';
import { openServed } from '../train/served.ts';
import { carryEmbedding, keepReference } from './carry_over.ts';
import { currentCalibration, trainedSets } from './current_model.ts';
import { GATE, type GateRules, judge, type Verdict } from './gate.ts';
import { FEEDBACK, KEPT, lineOf, type Lessons } from './lesson.ts';
import { type Answered, outcomesOf } from './outcomes.ts';

export interface CandidateOptions {
  /** Folder of the model that labels now. */
  readonly current: string;
  readonly lessons: Lessons;
  /** Scratch: base, drawn lines, checkpoint. Whoever calls removes it; a killed run goes on from it. */
  readonly work: string;
  /** Where the candidate goes. */
  readonly output: string;
  /** Rows of each public development set that the two models are compared on. */
  readonly devRows: number;
  readonly rules?: GateRules;
  log(line: string): void;
}

/** Writes the candidate, calibrated on development rows, and asks it and the current model the same questions. */
export async function compareAndWrite(recipe: Recipe, options: CandidateOptions): Promise<Verdict> {
  const { log } = options;
  const { student: trained, weights, step, minutes } = readTrained(recipe);
  // A head that the current model does not have was never more than noise.
  const known = currentCalibration(options.current);
  const student = { ...trained, heads: trained.heads.filter(({ name }) => known[name] !== undefined) };
  const encode = createEncoder(join(recipe.base, 'tokenizer.json'), SERVED_TOKENS);
  const published = developmentRows(recipe, options, encode);
  const heldOut = heldOutRows(options, encode);
  const rows = [...published, ...heldOut];
  log(
    `${published.length} public development rows and ${heldOut.length} of held-out feedback are asked of both models`,
  );
  const asked = async (graphs: Uint8Array[]): Promise<Record<string, number[][]>> => {
    const served = await openServed(graphs, student.shape.pad_token_id, availableParallelism());
    try {
      return await served.predict(rows);
    } finally {
      await served.close();
    }
  };
  const before = await asked([readWholeGraph(options.current)]);
  log('the current model has answered');
  const activations = await activationsOf(student, weights, recipe, sampleTraining(recipe, encode, SAMPLE));
  const graphs = graphsOf(student, weights, recipe, activations);
  const after = await asked(graphs);
  log('the candidate has answered');
  const fitted = calibrate(student.heads, published, after, known);
  const facts = { steps: step, minutes, machine: machine(), notes: recipe.notes, compression: { float: {} } };
  rmSync(options.output, { recursive: true, force: true });
  // What it was trained on is what the current model was, as often, so that the next round replays the same.
  // The base in the work folder is gone by then, and was nothing else than the current model.
  const recorded = { ...recipe, base: options.current, sets: { ...recipe.sets, ...trainedSets(options.current) } };
  writeArtifact(options.output, recorded, student, graphs, { heads: fitted, exitThreshold: {} }, facts);
  carryEmbedding(options.current, options.output);
  const { heads, model } = await loadArtifact(options.output);
  keepReference(options.output, model, heads, published, after);
  const current: Answered = { logits: before, calibration: known };
  const outcomes = outcomesOf(student.heads, rows, current, { logits: after, calibration: fitted });
  const isFeedback = ({ set }: { set: string }): boolean => set === FEEDBACK;
  return judge(
    outcomes.filter(isFeedback),
    outcomes.filter((one) => !isFeedback(one)),
    options.rules ?? GATE,
  );
}

/** Of each set at most `devRows`, without texts that people labelled: those are feedback, not the public. */
function developmentRows(recipe: Recipe, { lessons, devRows }: CandidateOptions, encode: Encode): Row[] {
  const taught = new Set([...lessons.taught, ...lessons.heldOut].map(({ text }) => encode(text).join(' ')));
  const sets = Object.keys(recipe.sets).filter((set) => set !== FEEDBACK && set !== KEPT);
  return readDevelopment(recipe, encode, sets, devRows).filter(({ ids }) => !taught.has(ids.join(' ')));
}

function heldOutRows({ lessons, work }: CandidateOptions, encode: Encode): Row[] {
  const file = join(work, 'held_out.jsonl');
  writeFileSync(file, lessons.heldOut.map((lesson) => `${lineOf({ ...lesson, weight: 1 })}\n`).join(''));
  return readRows(file, FEEDBACK, encode, PLAIN_SET).rows;
}

/**
 * Fitted where development rows have labels for the head; else as the current model has it. So are the Chinese topics: their
 * development set is of flashes alone, where the model has learnt texts of other kinds too (fit_head.ts).
 */
function calibrate(
  heads: readonly HeadShape[],
  rows: readonly Row[],
  logits: Record<string, number[][]>,
  known: Calibration['heads'],
): Calibration['heads'] {
  const spoken = new Set(rows.flatMap(({ targets }) => Object.keys(targets)));
  const fitted = fitHeads(heads, rows, logits);
  return Object.fromEntries(
    heads.map(({ name }) => {
      const isFitted = spoken.has(name) && (name !== 'topics_zh' || known[name] === undefined);
      return [name, (isFitted ? fitted[name] : known[name]) ?? { temperature: 1 }];
    }),
  );
}
