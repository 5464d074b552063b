/**
 * The backend port: texts in, labels out, in order. What a backend does inside (batches, threads, a GPU, another
 * machine) is its own business; one contract suite (test/contracts/backend.ts) is run by every one.
 */
import type { Sentiment } from '../core/event.ts';
import type { Labels } from './labels.ts';

export interface Backend {
  /** name@version of the model, as it stands on every opinion. */
  readonly model: string;
  /** What `classify` may answer. The topics serve both languages. */
  readonly labels: { readonly sentiment: readonly Sentiment[]; readonly topic: readonly string[] };
  /**
   * Labels of `texts`, in their order. Texts are as `modelText` of core/text.ts makes them; what lies beyond the
   * model's length is not read. May be called again before an earlier call has ended.
   * @throws TidewatchError model.failed: not one of these texts was labelled
   */
  classify(texts: readonly string[]): Promise<Labels[]>;
  close(): Promise<void>;
}
