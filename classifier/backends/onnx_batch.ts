/**
 * One batch of token ids through the model's graph, or through its two halves. In two halves, texts whose labels are
 * already certain after the lower layers leave there (early exit: Teerapittayanon et al. 2016, BranchyNet; for BERT, Xin
 * et al. 2020, DeeBERT), and only the others, gathered and cut to the longest of them, go on. Every head with a threshold
 * must be certain. Questions about an entity always go all the way: there is no exit for them.
 */
import type { EarlyExit } from '../artifact.ts';
import { EMBEDDING, type Heads } from '../labels.ts';
import type { Output, RunBatch, TokenBatch } from './inference.ts';

interface Input {
  readonly data: BigInt64Array | Float32Array;
  readonly shape: readonly number[];
}

type Outputs = Readonly<Record<string, Float32Array>>;

/** A loaded graph. */
export interface RunGraph {
  /** @throws TidewatchError model.failed */
  run(inputs: Readonly<Record<string, Input>>, outputs: readonly string[]): Promise<Outputs>;
  close(): Promise<void>;
}

export function wholeGraph(graph: RunGraph): RunBatch {
  return ({ ids, mask, lengths, length }, heads) => {
    const shape = [lengths.length, length];
    return graph.run({ input_ids: { data: ids, shape }, attention_mask: { data: mask, shape } }, heads);
  };
}

export function earlyExit(lower: RunGraph, upper: RunGraph, exit: EarlyExit, all: Heads): RunBatch {
  const exitOf = (head: Output): EarlyExit['heads'][number] | undefined => exit.heads.find((own) => own.head === head);
  return async (batch, heads) => {
    const rows = batch.lengths.length;
    const shape = [rows, batch.length];
    const mayLeave = heads.every((head) => exitOf(head) !== undefined);
    const below = await lower.run(
      { input_ids: { data: batch.ids, shape }, attention_mask: { data: batch.mask, shape } },
      ['hidden', ...(mayLeave ? exit.heads.map(({ name }) => name) : [])],
    );
    const stay = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => !mayLeave || !isCertain(below, row, exit, all),
    );
    const rest = gather(batch, below['hidden'] ?? new Float32Array(), stay);
    const above = stay.length === 0 ? {} : await upper.run(rest, heads);
    return Object.fromEntries(
      heads.map((head) => {
        const width = (head === EMBEDDING ? undefined : all[head])?.labels.length ?? 0;
        const joined = new Float32Array(rows * width);
        const left = exitOf(head);
        if (mayLeave && left !== undefined) joined.set(asHead(below[left.name] ?? new Float32Array(), left, all));
        stay.forEach((row, place) => {
          joined.set((above[head] ?? new Float32Array()).subarray(place * width, (place + 1) * width), row * width);
        });
        return [head, joined];
      }),
    );
  };
}

function isCertain(outputs: Outputs, row: number, exit: EarlyExit, all: Heads): boolean {
  return exit.heads.every(({ name, head, temperature }) => {
    const threshold = exit.threshold[head];
    if (threshold === undefined) return true;
    const width = all[head]?.labels.length ?? 0;
    const own = outputs[name]?.subarray(row * width, (row + 1) * width) ?? new Float32Array();
    const top = own.reduce((most, value) => Math.max(most, value), -Infinity);
    // The softmax of the largest logit: 1 over the sum of the others against it.
    return 1 / own.reduce((sum, value) => sum + Math.exp((value - top) / temperature), 0) >= threshold;
  });
}

/** An exit's logits as if they were its head's: whoever divides by the head's temperature, and holds a probability against
 * the head's threshold, gets what the exit's own would say. */
function asHead(logits: Float32Array, exit: EarlyExit['heads'][number], all: Heads): Float32Array {
  const head = all[exit.head];
  const temperature = head?.temperature ?? 1;
  const thresholds = exit.head === 'topics_zh' ? all.topics_zh?.thresholds : undefined;
  const width = head?.labels.length ?? 1;
  return logits.map((logit, index) => {
    const place = index % width;
    const shift =
      thresholds === undefined || exit.thresholds === undefined
        ? 0
        : logOdds(thresholds[place] ?? 0.5) - logOdds(exit.thresholds[place] ?? 0.5);
    return temperature * (logit / exit.temperature + shift);
  });
}

function logOdds(probability: number): number {
  const safe = Math.min(0.999, Math.max(0.001, probability));
  return Math.log(safe / (1 - safe));
}

/** The rows that go on, cut to the longest of them. */
function gather(
  batch: TokenBatch,
  hidden: Float32Array,
  stay: readonly number[],
): Record<'hidden' | 'attention_mask', Input> {
  const rows = batch.lengths.length;
  const width = hidden.length / Math.max(1, rows * batch.length);
  const length = stay.reduce((most, row) => Math.max(most, batch.lengths[row] ?? 0), 0);
  const shape = [stay.length, length];
  if (stay.length === rows && length === batch.length) {
    return { hidden: { data: hidden, shape: [...shape, width] }, attention_mask: { data: batch.mask, shape } };
  }
  const data = new Float32Array(stay.length * length * width);
  const mask = new BigInt64Array(stay.length * length);
  stay.forEach((row, place) => {
    const from = row * batch.length;
    data.set(hidden.subarray(from * width, (from + length) * width), place * length * width);
    mask.set(batch.mask.subarray(from, from + length), place * length);
  });
  return { hidden: { data, shape: [...shape, width] }, attention_mask: { data: mask, shape } };
}
