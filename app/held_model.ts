/** Questions of the page to the model that labels now, which is kept open meanwhile: a swap waits for them. */
import { explain } from '../classifier/explain.ts';
import type { ModelSwap } from '../classifier/swap.ts';
import type { Vector } from '../core/search/vector.ts';

/** Which words carried the label. */
export async function explainHeld(
  swap: ModelSwap,
  text: string,
): Promise<Awaited<ReturnType<typeof explain>> & { model: string }> {
  const { backend, release } = swap.hold();
  try {
    return { ...(await explain(backend, text)), model: backend.model };
  } finally {
    release();
  }
}

/** What a text is near to; null where the model gives no embeddings. */
export async function embedHeld(swap: ModelSwap, text: string): Promise<{ vector: Vector; space: string } | null> {
  const { backend, release } = swap.hold();
  try {
    const [labels] = await backend.classify([text]);
    return labels?.embedding === undefined ? null : { vector: labels.embedding, space: backend.model };
  } finally {
    release();
  }
}
