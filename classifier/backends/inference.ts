/**
 * Texts to raw logits, whatever computes them: tokenise, cut into batches by token budget, run each, put the rows back in
 * order. A long article is several rows, whose logits are averaged; the first, with title and lead, counts twice. Rejected:
 * the strongest window's answer, since one quoted sentence would then speak for the article. Runs in the thread of a model
 * (onnx_worker.ts, tfjs_worker.ts); nothing here knows of threads or libraries.
 */
import type { EntityQuestion } from '../backend.ts';
import type { EMBEDDING, Heads, Logits } from '../labels.ts';
import { cutBatches, type BatchLimits } from '../queue.ts';
import type { Tokenizer } from '../tokenizer.ts';

/** What a graph can be asked for: the logits of a head, or the embedding. */
export type Output = keyof Heads | typeof EMBEDDING;

/** Texts, or questions about one entity in a text, and the heads whose logits are wanted. */
export interface InferenceRequest {
  readonly texts: readonly (string | EntityQuestion)[];
  readonly heads: readonly Output[];
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
export type RunBatch = (batch: TokenBatch, heads: readonly Output[]) => Promise<Readonly<Record<string, Float32Array>>>;

export interface InferenceParts {
  readonly tokenizer: Tokenizer;
  readonly limits: BatchLimits;
  readonly padId: number;
  readonly halvings: number;
  readonly runBatch: RunBatch;
}

/** @throws TidewatchError what `runBatch` threw */
export async function inferInBatches(
  { texts, heads }: InferenceRequest,
  { tokenizer, limits, padId, halvings, runBatch }: InferenceParts,
): Promise<Logits> {
  const windows = texts.map((text) =>
    typeof text === 'string' ? tokenizer.windows(text) : tokenizer.windows(text.text, text.entity),
  );
  const rows = windows.flatMap((own, text) =>
    own.map((ids, place) => ({ ids, text, share: (place === 0 ? LEAD_WEIGHT : 1) / (own.length + LEAD_WEIGHT - 1) })),
  );
  const logits: Record<string, Float32Array> = {};
  for (const { members, length } of cutBatches(
    rows.map(({ ids }) => ids.length),
    limits,
    halvings,
  )) {
    const chosen = members.map((member) => rows[member] as (typeof rows)[number]);
    const batch = toBatch(
      chosen.map(({ ids }) => ids),
      length,
      padId,
    );
    const outputs = await runBatch(batch, heads);
    for (const name of heads) {
      const own = outputs[name] ?? new Float32Array();
      const width = own.length / members.length;
      const target = (logits[name] ??= new Float32Array(width * texts.length));
      for (const [row, { text, share }] of chosen.entries())
        for (let at = 0; at < width; at += 1)
          target[text * width + at] = (target[text * width + at] ?? 0) + share * (own[row * width + at] ?? 0);
    }
  }
  return logits;
}

/** How often the first window of a text counts. */
const LEAD_WEIGHT = 2;

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
