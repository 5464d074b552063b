/**
 * Sentiment by entity: a text that praises one company and blames another has one sentiment as a whole, and it is wrong
 * for one of the two. A model that has the head is asked once more for each watched entity, with the entity's name as
 * the words of the text have it. That second pass costs as much as the first a question, so by default only texts that
 * name several watched entities are asked about; where a text names one, its own sentiment stands for it.
 */
import { TidewatchError } from '../core/errors.ts';
import type { Document, Opinion } from '../core/event.ts';
import { modelText } from '../core/text.ts';
import type { Backend } from './backend.ts';
import { classifyEntitiesEach } from './isolate.ts';

export type EntityMode = 'several' | 'each' | 'off';
type EntitySentiment = Opinion['entity_sentiments'][number];

/** Most questions a document: a list of fifty tickers is a table, not fifty opinions. */
const MOST_ENTITIES = 8;

export interface ReadText {
  readonly document: Pick<Document, 'entities'>;
  /** What the model reads. */
  readonly text: string;
}

/**
 * For each text the sentiment towards the entities that it was asked about, in order; an empty list where it was not.
 * Questions that the model cannot take are left out and given to `refused`.
 */
export async function entitySentiments(
  texts: readonly ReadText[],
  backend: Backend,
  mode: EntityMode,
  refused: (error: TidewatchError) => void,
): Promise<EntitySentiment[][]> {
  const least = mode === 'each' ? 1 : 2;
  const asked = texts.flatMap(({ document, text }, index) => {
    if (mode === 'off' || backend.labels.entity_sentiment.length === 0 || document.entities.length < least) return [];
    return document.entities
      .slice()
      .sort((a, b) => b.relevance - a.relevance)
      .slice(0, MOST_ENTITIES)
      .map(({ id, surface }) => ({ index, id, question: { text, entity: modelText(null, surface) } }));
  });
  const answers = await classifyEntitiesEach(
    backend,
    asked.map(({ question }) => question),
  );
  const results: EntitySentiment[][] = texts.map(() => []);
  asked.forEach(({ index, id }, place) => {
    const answer = answers[place];
    if (answer instanceof TidewatchError) refused(answer);
    else if (answer !== undefined) results[index]?.push({ entity: id, ...answer.probabilities });
  });
  return results;
}
