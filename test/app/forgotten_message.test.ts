import { describe, expect, it } from 'vitest';
import { isForgotten } from '../../app/forgotten_message.ts';
import type { Target } from '../../core/removal.ts';
import { deadLetter } from '../../ingest/dead_letter.ts';
import { normalize } from '../../ingest/normalize.ts';
import type { RawItem } from '../../ingest/source.ts';

const NOW = Date.UTC(2026, 2, 2);
const LONG = 'x'.repeat(3_000);
const target = (kind: Target['kind'], value: string, outlet: string | null = null): Target => ({
  kind,
  values: [value],
  outlet,
});
/** The letter of an item that is too long, as ingest writes it. */
function letterOf(item: RawItem, feed: string): unknown {
  const result = normalize(item, { now: NOW, feed, maxTextChars: 1_000 });
  if (!('refused' in result)) throw new Error('It was to be refused.');
  return deadLetter({ ...result.refused, value: item }, feed, NOW);
}
/** The id of the same item where it is short enough. */
function idOf(item: RawItem, feed: string): string {
  const result = normalize({ ...item, text: 'short' }, { now: NOW, feed, maxTextChars: 1_000 });
  if (!('document' in result)) throw new Error('It was to be taken.');
  return result.document.id;
}
const isGone = (letter: unknown, one: Target, key = ''): boolean => isForgotten('documents.dead', letter, key, [one]);

describe('a dead letter of ingest', () => {
  const item = { guid: 'a1', url: 'https://wire.example/a1?utm_source=x', title: 'Floods', text: LONG };
  const letter = letterOf(item, 'wire');

  it('of an item without a source of its own goes with its feed, and with no other', () => {
    expect(isGone(letter, target('source', 'wire'))).toBe(true);
    expect(isGone(letter, target('source', 'ledger'))).toBe(false);
  });

  it('of an item with a source of its own goes with that, and with the feed that brought it', () => {
    const own = letterOf({ ...item, source: 'ledger' }, 'wire');
    expect(isGone(own, target('source', 'ledger'))).toBe(true);
    expect(isGone(own, target('source', 'wire'))).toBe(true);
    expect(isGone(own, target('source', 'tower'))).toBe(false);
  });

  it.each([
    ['its guid', item],
    ['its address', { url: item.url, text: LONG }],
  ])('goes with the document that it would have been, by %s', (_, given) => {
    const own = letterOf(given, 'wire');
    expect(isGone(own, target('document', idOf(given, 'wire')))).toBe(true);
    expect(isGone(own, target('document', item.url))).toBe(true);
    expect(isGone(own, target('document', idOf({ ...given, guid: 'a2' }, 'wire')))).toBe(false);
  });

  it('keeps that id, though its guid is too long to be kept whole', () => {
    const given = { guid: `tag:${'g'.repeat(3_000)}`, text: LONG };
    expect(isGone(letterOf(given, 'wire'), target('document', idOf(given, 'wire')))).toBe(true);
  });

  it('of an author goes with the author, and where an outlet is named only there', () => {
    const own = letterOf({ ...item, author: 'u_0123' }, 'wire');
    expect(isGone(own, target('author', 'u_0123'))).toBe(true);
    expect(isGone(own, target('author', 'u_0123', 'wire'))).toBe(true);
    expect(isGone(own, target('author', 'u_0123', 'ledger'))).toBe(false);
    expect(isGone(own, target('author', 'u_0124'))).toBe(false);
  });

  it('of a line or record that was no item goes with its feed, and with an author whose name is in it', () => {
    const refusal = { code: 'input.invalid', reason: 'It is no JSON.' } as const;
    const line = deadLetter({ ...refusal, value: '{"user":"mia_quill","text":' }, 'lines', NOW);
    const record = deadLetter({ ...refusal, value: { account: { acct: '@mia_quill' } } }, 'lines', NOW);
    for (const one of [line, record]) {
      expect(isGone(one, target('source', 'lines'))).toBe(true);
      expect(isGone(one, target('author', 'mia_quill'))).toBe(true);
      expect(isGone(one, target('source', 'other'))).toBe(false);
      expect(isGone(one, target('author', 'mia'))).toBe(one === line);
    }
  });

  it('from before letters said their feed goes by its key, which is the feed', () => {
    const { feed: _, source: __, id: ___, ...old } = letter as Record<string, unknown>;
    expect(isGone(old, target('source', 'wire'), 'wire')).toBe(true);
    expect(isGone(old, target('document', idOf(item, 'wire')), 'wire')).toBe(true);
    expect(isGone(old, target('source', 'wire'), 'ledger')).toBe(false);
  });
});

describe('other messages', () => {
  it('an item that was sent back goes with the feed in its key, and by the id of its document', () => {
    const item = { guid: 'a1', text: 'Floods in Tarrowby' };
    expect(isForgotten('items', item, 'wire', [target('source', 'wire')])).toBe(true);
    expect(isForgotten('items', item, 'wire', [target('document', idOf(item, 'wire'))])).toBe(true);
    expect(isForgotten('items', item, 'ledger', [target('source', 'wire')])).toBe(false);
  });

  it('a letter of another stage goes with the document in it', () => {
    const document = { id: 'd', source: 'wire', feed: 'wire', author: null, text: 'Floods' };
    const letter = { stage: 'classifier', code: 'internal', reason: '', at: '', value: document };
    expect(isGone(letter, target('document', 'd'))).toBe(true);
    expect(isGone(letter, target('source', 'wire'))).toBe(true);
    expect(isGone(letter, target('document', 'e'), 'wire')).toBe(false);
  });
});
