/** Documents in the words of the tiny model: odd ones are losses, even ones profits. */
import type { Document } from '../../core/event.ts';
import { aDocument } from '../fixtures/nouns.ts';

export const CHILD_DOCUMENTS = 200;

export function aReport(index: number, over: Partial<Document> = {}): Document {
  return aDocument(index, {
    text: `the ${index % 2 === 0 ? 'profit rose' : 'loss'} ${'the '.repeat(index % 5)}`,
    ...over,
  });
}
