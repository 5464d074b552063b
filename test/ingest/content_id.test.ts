import { describe, expect, it } from 'vitest';
import { contentIdOf } from '../../ingest/dedupe.ts';
import { aDocument } from '../fixtures/nouns.ts';

const words = ['take', 'five', 'the', 'week', 'ahead'];

describe('what counts as the same content', () => {
  it('is the same words from the same voice on the same day, whatever the id', () => {
    expect(contentIdOf(aDocument(1), words)).toBe(contentIdOf({ ...aDocument(2), author: 'author-1' }, words));
  });

  it('is not the same words from another voice, nor a weekly column under one headline', () => {
    const document = aDocument(1);
    expect(contentIdOf({ ...document, author: 'someone else' }, words)).not.toBe(contentIdOf(document, words));
    expect(contentIdOf({ ...document, source: 'another outlet' }, words)).not.toBe(contentIdOf(document, words));
    const weekLater = { ...document, published_at: '2026-03-09T00:01:00.000Z' };
    expect(contentIdOf(weekLater, words)).not.toBe(contentIdOf(document, words));
  });
});
