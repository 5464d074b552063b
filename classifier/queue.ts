/**
 * How texts become batches: by a budget of padded tokens, not by a count. A batch costs its rows times its longest row,
 * so texts are sorted by length first and short ones are not padded up to a long neighbour. On a CPU with AVX2 a budget
 * of 512 tokens was fastest: below it the matrix products are too thin, above it they fall out of the cache. Pure.
 *
 * The deadline is not kept here: the stage's subscription hands over what waits after `max_wait_ms` at the latest, and a
 * delivery is labelled at once. Rejected: a queue of our own behind the stream, which would hold documents that nobody
 * has acknowledged. (The idea of a token budget is text-embeddings-inference's.)
 */
export interface BatchLimits {
  /** Rows times longest row, at most; a single longer text still gets a batch of its own. */
  readonly maxTokens: number;
  readonly maxTexts: number;
}

export interface Batch {
  /** Positions in `lengths`, longest first. */
  readonly members: readonly number[];
  /** What all are padded to: the tokens of the longest member (see `paddedLength`). */
  readonly length: number;
}

/**
 * Rows of three tokens above a multiple of four get one of padding, whoever is beside them. Of a model that halves its positions so often
 * inside it is the last length that counts, since those before are even. With it a text's numbers are the same to the last bit
 * in any batch (grouping.test.ts); without it, the sums over its tokens end differently where it is the longest.
 */
export function paddedLength(tokens: number, halvings: number): number {
  const last = Math.ceil(tokens / 2 ** halvings);
  return (last % 4 === 3 ? last + 1 : last) * 2 ** halvings;
}

/** Cuts texts of these token counts into batches for a model that halves its positions so often; every position appears in exactly one. */
export function cutBatches(lengths: readonly number[], limits: BatchLimits, halvings: number): Batch[] {
  const order = longestFirst(lengths);
  const batches: Batch[] = [];
  for (let from = 0; from < order.length;) {
    const length = paddedLength(lengths[order[from] ?? 0] ?? 0, halvings);
    const rows = Math.max(1, Math.min(limits.maxTexts, Math.floor(limits.maxTokens / Math.max(1, length))));
    batches.push({ members: order.slice(from, from + rows), length });
    from += rows;
  }
  return batches;
}

/**
 * Positions of texts of these lengths, dealt to so many hands as cards are: longest first, so that each hand has texts of all
 * lengths and about as much to do. No hand is empty; there may be fewer hands than asked for.
 */
export function dealOut(lengths: readonly number[], hands: number): readonly (readonly number[])[] {
  const order = longestFirst(lengths);
  const dealt: number[][] = Array.from({ length: Math.min(hands, order.length) }, () => []);
  order.forEach((position, turn) => dealt[turn % dealt.length]?.push(position));
  return dealt;
}

function longestFirst(lengths: readonly number[]): number[] {
  return lengths.map((_, index) => index).sort((a, b) => (lengths[b] ?? 0) - (lengths[a] ?? 0) || a - b);
}

/** Consecutive items of these sizes in stretches that one request may carry; an item that is larger alone goes alone. */
export function cutRequests(
  bytes: readonly number[],
  { maxTexts, maxBytes }: { readonly maxTexts: number; readonly maxBytes: number },
): { readonly from: number; readonly to: number }[] {
  const cuts: { from: number; to: number }[] = [];
  for (let from = 0; from < bytes.length;) {
    let to = from + 1;
    let sum = bytes[from] ?? 0;
    while (to < bytes.length && to - from < maxTexts && sum + (bytes[to] ?? 0) <= maxBytes) {
      sum += bytes[to] ?? 0;
      to += 1;
    }
    cuts.push({ from, to });
    from = to;
  }
  return cuts;
}
