/**
 * Texts to raw logits, whatever computes them: tokenise, cut into batches by token budget, run each, put the rows back in
 * order. Runs in the thread of a model (onnx_worker.ts, tfjs_worker.ts); nothing here knows of threads or libraries.
 */
import type { EntityQuestion } from '../backend.ts';
import type { Heads, Logits } from '../labels.ts';
import { cutBatches, type BatchLimits } from '../queue.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** Texts, or questions about one entity in a text, and the heads whose logits are wanted. */
export interface InferenceRequest {
  readonly texts: readonly (string | EntityQuestion)[];
  readonly heads: readonly (keyof Heads)[];
}

/** A model that is loaded. */
export interface Session {
  /** @throws TidewatchError model.failed */
  infer(request: InferenceRequest): Promise<Logits>;
  close(): Promise<void>;
}

/** Token ids side by side, padded. */
export interface TokenBatch {
  readonly ids: BigInt64Array;
  readonly mask: BigInt64Array;
  /** Tokens of each row. */
  readonly lengths: readonly number[];
  /** What rows are padded to. */
  readonly length: number;
}

/** Logits of each head, row by row. */
export type RunBatch = (
  batch: TokenBatch,
  heads: readonly (keyof Heads)[],
) => Promise<Readonly<Record<string, Float32Array>>>;

export interface InferenceParts {
  readonly tokenizer: Tokenizer;
  readonly limits: BatchLimits;
  readonly padId: number;
  readonly runBatch: RunBatch;
}

/** @throws TidewatchError what `runBatch` threw */
export async function inferInBatches(
  { texts, heads }: InferenceRequest,
  { tokenizer, limits, padId, runBatch }: InferenceParts,
): Promise<Logits> {
  const encoded = texts.map((text) =>
    typeof text === 'string' ? tokenizer.encode(text) : tokenizer.encode(text.text, text.entity),
  );
  const logits: Record<string, Float32Array> = {};
  const lengths = encoded.map((ids) => ids.length);
  for (const { members, length } of cutBatches(lengths, limits)) {
    const rows = members.map((member) => encoded[member] ?? []);
    const outputs = await runBatch(toBatch(rows, length, padId), heads);
    for (const name of heads) {
      const own = outputs[name] ?? new Float32Array();
      const width = own.length / members.length;
      const target = (logits[name] ??= new Float32Array(width * texts.length));
      members.forEach((member, row) => target.set(own.subarray(row * width, (row + 1) * width), member * width));
    }
  }
  return logits;
}

/** Rows side by side, padded. */
function toBatch(rows: readonly (readonly number[])[], length: number, padId: number): TokenBatch {
  const ids = new BigInt64Array(rows.length * length).fill(BigInt(padId));
  const mask = new BigInt64Array(rows.length * length);
  rows.forEach((row, index) => {
    row.forEach((id, column) => {
      ids[index * length + column] = BigInt(id);
    });
    mask.fill(1n, index * length, index * length + row.length);
  });
  return { ids, mask, lengths: rows.map((row) => row.length), length };
}
