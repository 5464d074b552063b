/**
 * Figures from logits: accuracy, macro-F1 and calibration (expected calibration error over 15 equal bins, Guo et al.
 * 2017), per set and language, and the temperature that makes a head's probabilities honest. It never runs a model, so
 * the trained weights and the served artifact are measured by the same code.
 */
import { HEADS, type HeadName } from './labels.ts';
import type { Row } from './data.ts';

export interface Figures {
  rows: number;
  accuracy: number;
  macroF1: number;
  ece: number;
}

/** Probabilities at a temperature, over the classes that may occur. */
export function softmax(
  logits: readonly number[],
  temperature = 1,
  possible: readonly number[] = logits.map((_, i) => i),
): number[] {
  const top = Math.max(...possible.map((index) => logits[index] as number));
  const out = logits.map(() => 0);
  let sum = 0;
  for (const index of possible) sum += out[index] = Math.exp(((logits[index] as number) - top) / temperature);
  return out.map((value) => value / sum);
}

/** One head's figures on rows with a label for it. `masked`: two-class sets choose between their two classes only. */
export function figures(
  rows: readonly Row[],
  logits: readonly (readonly number[])[],
  head: HeadName,
  options: { temperature?: number; masked?: boolean } = {},
): Figures {
  const hits = new Map<number, { true: number; said: number; both: number }>();
  const of = (label: number) =>
    hits.get(label) ??
    (hits.set(label, { true: 0, said: 0, both: 0 }).get(label) as { true: number; said: number; both: number });
  const bins = Array.from({ length: 15 }, () => ({ count: 0, confidence: 0, correct: 0 }));
  let count = 0;
  let correct = 0;
  for (const [index, row] of rows.entries()) {
    const target = row.targets[head];
    if (target === undefined || target.allowed.length !== 1) continue;
    const gold = target.allowed[0] as number;
    const probabilities = softmax(
      logits[index] as number[],
      options.temperature,
      options.masked === false ? undefined : target.possible,
    );
    const said = argmax(probabilities);
    const confidence = probabilities[said] as number;
    of(gold).true += 1;
    of(said).said += 1;
    count += 1;
    const bin = bins[Math.min(14, Math.floor(confidence * 15))] as (typeof bins)[number];
    bin.count += 1;
    bin.confidence += confidence;
    if (said === gold) {
      of(gold).both += 1;
      correct += 1;
      bin.correct += 1;
    }
  }
  const scores = [...hits.values()].filter((hit) => hit.true > 0).map((hit) => (2 * hit.both) / (hit.true + hit.said));
  return {
    rows: count,
    accuracy: correct / Math.max(1, count),
    macroF1: scores.reduce((sum, score) => sum + score, 0) / Math.max(1, scores.length),
    ece: bins.reduce((sum, bin) => sum + Math.abs(bin.correct - bin.confidence), 0) / Math.max(1, count),
  };
}

export function argmax(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if ((values[i] as number) > (values[best] as number)) best = i;
  return best;
}

/** The temperature with the least log loss: golden-section search on its logarithm, where the loss is convex enough. */
export function fitTemperature(rows: readonly Row[], logits: readonly (readonly number[])[], head: HeadName): number {
  const loss = (logTemperature: number): number => {
    let sum = 0;
    for (const [index, row] of rows.entries()) {
      const target = row.targets[head];
      if (target === undefined || target.allowed.length !== 1) continue;
      sum -= Math.log(
        Math.max(
          1e-12,
          softmax(logits[index] as number[], Math.exp(logTemperature), target.possible)[
            target.allowed[0] as number
          ] as number,
        ),
      );
    }
    return sum;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.3), Math.log(4)];
  for (let i = 0; i < 30; i += 1) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

export interface Report {
  set: string;
  lang: string;
  head: HeadName;
  figures: Figures;
  /** For two-class sets: the figures when the neutral class may be chosen too, as in serving. */
  unmasked?: Figures;
}

/** Figures of every head by set and language. */
export function report(
  rows: readonly Row[],
  logits: Record<string, readonly (readonly number[])[]>,
  temperatures: Partial<Record<HeadName, number>> = {},
): Report[] {
  const groups = new Map<string, number[]>();
  for (const [index, row] of rows.entries()) {
    const key = `${row.set}\t${row.lang}`;
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  const reports: Report[] = [];
  for (const [key, indexes] of groups) {
    const [set = '', lang = ''] = key.split('\t');
    const chosen = indexes.map((index) => rows[index] as Row);
    for (const { name } of HEADS) {
      const own = indexes.map((index) => logits[name]?.[index] ?? []);
      const temperature = temperatures[name] ?? 1;
      const measured = figures(chosen, own, name, { temperature });
      if (measured.rows === 0) continue;
      const twoClass = chosen.some((row) => row.targets.sentiment?.possible.length === 2) && name === 'sentiment';
      reports.push({
        set,
        lang,
        head: name,
        figures: measured,
        ...(twoClass ? { unmasked: figures(chosen, own, name, { temperature, masked: false }) } : {}),
      });
    }
  }
  return reports;
}

export function reportLine({ set, lang, head, figures: f, unmasked }: Report): string {
  const percent = (value: number): string => (100 * value).toFixed(1);
  const open = unmasked === undefined ? '' : `  (three-way ${percent(unmasked.accuracy)})`;
  return `${set.padEnd(14)} ${lang}  ${head.padEnd(9)} ${String(f.rows).padStart(5)} rows  accuracy ${percent(f.accuracy)}  macro-F1 ${percent(f.macroF1)}  ECE ${percent(f.ece)}${open}`;
}
