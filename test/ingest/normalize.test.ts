import { describe, expect, it } from 'vitest';
import { documentSchema } from '../../core/event.ts';
import { normalize, type PlainDocument } from '../../ingest/normalize.ts';
import type { RawItem } from '../../ingest/source.ts';

const NOW = Date.UTC(2026, 2, 10, 12);
const options = { now: NOW, feed: 'wire', maxTextChars: 20_000 };

function document(item: RawItem): PlainDocument {
  const normal = normalize(item, options);
  if ('refused' in normal) throw new Error(normal.refused.reason);
  return normal.document;
}

describe('normalising an item', () => {
  it('gives a document that the schema takes', () => {
    const plain = document({ text: 'x', url: 'javascript:alert(1)', author: 'a'.repeat(300), published_at: 'soon' });
    expect(documentSchema.safeParse({ ...plain, entities: [], story: 's', novelty: 100 }).success).toBe(true);
    expect(plain).toMatchObject({ url: null, source: 'wire', feed: 'wire', source_class: 'news' });
  });

  it('leaves no half of a sign where it cuts a long name', () => {
    for (const name of ['x'.repeat(99), 'x'.repeat(199)]) {
      const plain = document({ text: 'Shares fall', source: `${name}😀 news`, author: `${name}😀` });
      expect([plain.source, plain.author].every((text) => text?.isWellFormed())).toBe(true);
    }
  });

  it('strips HTML: scripts dropped, entities decoded, blocks parted by blanks', () => {
    const html =
      '<p>Profit&nbsp;fell <b>5&#37;</b> &amp; more</p><p>Next</p><script>alert("x")</script><style>p{}</style><div>a<br>b</div>';
    expect(document({ text: html }).text).toBe('Profit fell 5% & more Next a b');
  });

  it('leaves "<" alone where it is no tag', () => {
    expect(document({ text: 'margin <5% and 3 < 4, I <3 $AAPL' }).text).toBe('margin <5% and 3 < 4, I <3 $AAPL');
    expect(document({ text: 'a <b>bold</b> claim', html: false }).text).toBe('a <b>bold</b> claim');
  });

  it('folds full-width letters and drops hidden characters', () => {
    expect(document({ text: 'ＡＡＰＬ\u200b 暴\u00ad跌\u202e！' }).text).toBe('AAPL 暴跌!');
  });

  it.each([
    ['Apple falls', 'Apple falls. Demand is weak.', 'Apple falls', 'Demand is weak.'],
    ['Apple falls', 'Apple falls', null, 'Apple falls'],
    ['Apple falls', '', null, 'Apple falls'],
    ['', 'A post', null, 'A post'],
    ['Apple', 'Apples are ripe', 'Apple', 'Apples are ripe'],
    ['苹果下跌', '苹果下跌:需求疲软', '苹果下跌', '需求疲软'],
  ])('does not repeat a title in the text: %j + %j', (title, text, expectedTitle, expectedText) => {
    expect(document({ title, text })).toMatchObject({ title: expectedTitle, text: expectedText });
  });

  it('keeps links and cashtags as fields, with the tickers that the origin gave', () => {
    const plain = document({
      text: 'Buy $aapl now https://e.com/a?b=1, says $BRK.B',
      tickers: ['$tsla', '600519', 'no ticker'],
    });
    expect(plain.links).toEqual(['https://e.com/a?b=1']);
    expect(plain.cashtags).toEqual(['AAPL', 'BRK.B', 'TSLA', '600519']);
  });

  it.each([
    ['2026-03-10T11:00:00Z', '2026-03-10T11:00:00.000Z', 'stated', false],
    ['Tue, 10 Mar 2026 11:00:00 +0800', '2026-03-10T03:00:00.000Z', 'stated', false],
    ['2026-03-10 11:00', '2026-03-10T11:00:00.000Z', 'no_zone', false],
    ['2026-03-10 19:30', '2026-03-10T12:00:00.000Z', 'no_zone', true],
    ['2018-03-22', '2018-03-22T00:00:00.000Z', 'day', false],
    ['2026-03-11', '2026-03-10T12:00:00.000Z', 'day', true],
    ['2026-03-10T12:09:00Z', '2026-03-10T12:09:00.000Z', 'stated', false],
    ['2026-03-10T12:11:00Z', '2026-03-10T12:00:00.000Z', 'future', true],
    ['2036-03-10', '2026-03-10T12:00:00.000Z', 'future', true],
    ['2026-03-12 11:00', '2026-03-10T12:00:00.000Z', 'future', true],
    ['some day', '2026-03-10T12:00:00.000Z', 'missing', true],
    ['Thu, 01 Jan 1970 00:00:00 GMT', '2026-03-10T12:00:00.000Z', 'missing', true],
    [undefined, '2026-03-10T12:00:00.000Z', 'missing', true],
  ])('published_at %j becomes %s, marked %s (estimated: %s)', (published_at, expected, mark, estimated) => {
    const plain = document({ text: 'x', ...(published_at === undefined ? {} : { published_at }) });
    expect(plain).toMatchObject({
      published_at: expected,
      published_at_mark: mark,
      published_at_estimated: estimated,
      fetched_at: '2026-03-10T12:00:00.000Z',
    });
  });

  it.each([
    ['en-US', 'en'], ['zh_CN', 'zh'], ['fr', 'other'], [undefined, 'zh'], ['nonsense!', 'zh'],
  ])('language %j is %s', (language, expected) => {
    expect(document({ text: '银行股大跌', ...(language === undefined ? {} : { language }) }).language).toBe(expected);
  }); // prettier-ignore

  it('gives the same id to the same item, by guid, then address, then content', () => {
    const id = (item: RawItem): string => document(item).id;
    expect(id({ text: 'a', guid: '1' })).toBe(id({ text: 'changed', guid: '1' }));
    expect(id({ text: 'a', url: 'https://e.com/1?utm_source=x#top' })).toBe(id({ text: 'b', url: 'https://e.com/1' }));
    expect(id({ text: 'a' })).toBe(id({ text: ' a ' }));
    expect(
      new Set([id({ text: 'a' }), id({ text: 'b' }), id({ text: 'a', source: 'other' }), id({ text: 'a', guid: 'a' })])
        .size,
    ).toBe(4);
  });

  it.each([undefined, '2026-03-09T11:00:00Z', '2026-03-12T11:00:00Z', 'soon'])(
    'gives one said %s, with neither guid nor address, the same id whenever it comes, and another to another author or time',
    (published_at) => {
      const said: RawItem = { text: 'a', author: 'ann', ...(published_at === undefined ? {} : { published_at }) };
      const id = (item: RawItem, now = NOW): string => {
        const normal = normalize(item, { ...options, now, storedAuthor: (name) => `stored ${name}` });
        return 'document' in normal ? normal.document.id : '';
      };
      expect(id(said, NOW + 4 * 86_400_000)).toBe(id(said));
      expect(id({ ...said, author: 'bob' })).not.toBe(id(said));
      expect(id({ ...said, published_at: '2026-03-08T11:00:00Z' })).not.toBe(id(said));
      // Nobody who has the text can try names.
      expect(id(said)).not.toBe(document(said).id);
    },
  );

  it.each([
    [{ text: '' }, 'input.invalid', /neither text nor title/],
    [{ text: ' \u200b<br>&nbsp; ' }, 'input.invalid', /neither/],
    [{ text: 'word '.repeat(5000) }, 'input.too_large', /ingest\.max_text_chars allows 20000/],
    [{ text: `<p>${'x'.repeat(50_000_000)}` }, 'input.too_large', /50000003/],
  ])('refuses what is no document, with the reason', (item, code, reason) => {
    const started = performance.now();
    expect(normalize(item, options)).toMatchObject({
      refused: { code, reason: expect.stringMatching(reason) as string },
    });
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
