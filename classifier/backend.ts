/**
 * The backend port: texts in, labels out, in order. What a backend does inside (batches, threads, a GPU, another
 * machine) is its own business; one contract suite (test/contracts/backend.ts) is run by every one.
 */
import type { Sentiment } from '../core/event.ts';
import type { Reference } from './drift.ts';
import type { EntityLabels, Heads, Labels } from './labels.ts';

/** A text and one entity that it names: how does the text speak of it? Both as `modelText` makes them. */
export interface EntityQuestion {
  readonly text: string;
  readonly entity: string;
}

/** What a model may answer, head by head; a list is empty where the model has no such head. */
export interface KnownLabels {
  readonly sentiment: readonly Sentiment[];
  /** The topics serve both languages. */
  readonly topic: readonly string[];
  readonly topics_zh: readonly string[];
  /** Kinds of event, without the label for "none". */
  readonly event: readonly string[];
  readonly entity_sentiment: readonly Sentiment[];
}

export interface ClassifyOptions {
  /** False where the texts are not worth remembering, such as the many variants that an explanation asks about. */
  readonly remember?: boolean;
}

export interface Backend {
  /** name@version of the model, as it stands on every opinion. */
  readonly model: string;
  readonly labels: KnownLabels;
  /** Shares of labels that the model gave on its development sets, where they are known: what drift is measured against. */
  readonly reference?: Reference | null;
  /**
   * Labels of `texts`, in their order. Texts are as `modelText` of core/text.ts makes them; what lies beyond the
   * model's length is not read. May be called again before an earlier call has ended.
   * @throws TidewatchError model.failed: not one of these texts was labelled
   */
  classify(texts: readonly string[], options?: ClassifyOptions): Promise<Labels[]>;
  /**
   * Sentiment towards the entity of each question, in order. Only where `labels.entity_sentiment` is not empty.
   * @throws TidewatchError model.failed: not one of these questions was answered, or the model has no such head
   */
  classifyEntities(questions: readonly EntityQuestion[]): Promise<EntityLabels[]>;
  close(): Promise<void>;
}

/** What a model with these heads may answer. */
export function knownLabels(heads: Heads): KnownLabels {
  return {
    sentiment: heads.sentiment.labels,
    topic: heads.topic.labels,
    topics_zh: heads.topics_zh?.labels ?? [],
    event: heads.event?.labels.filter((label) => label !== heads.event?.none) ?? [],
    entity_sentiment: heads.entity_sentiment?.labels ?? [],
  };
}
