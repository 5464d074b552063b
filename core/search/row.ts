/** A document as the table `search` has it: what it is found by, and nothing that can be read. */
import type { Document } from '../event.ts';
import type { Row } from '../store/rows.ts';
import { hashedTerms } from './terms.ts';
import type { Vector } from './vector.ts';

/** `space`: name@version of the model that made the vector. An empty vector: found by words alone. */
export function searchRow(document: Document, labelledAt: string, space: string, vector: Vector | null): Row {
  return {
    document_id: document.id,
    published_at: document.published_at,
    labelled_at: labelledAt,
    language: document.language,
    story: document.story,
    space: vector === null ? '' : space,
    terms: hashedTerms(document.title, document.text),
    vector: vector === null ? [] : [...vector],
  };
}
