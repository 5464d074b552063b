/** The words of the interface themselves: one of a thing is one thing, and one thing has one name. */
import { describe, expect, it } from 'vitest';
import { languageName, MESSAGES } from '../../dashboards/web/i18n.ts';

const { en, zh } = MESSAGES;

/** Every text of a language: of a function what it makes of numbers, which are also what is written. */
function textsOf(messages: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(messages).map(([key, value]) => [
    key,
    typeof value === 'function' ? (value as (...given: string[]) => string)('2', '2', '2', '2', '2') : String(value),
  ]);
}

describe('the words of the interface', () => {
  it('tell one from many in English', () => {
    expect([en.items('1'), en.items('2')]).toEqual(['1 item', '2 items']);
    expect([en.watchlist_count('1'), en.watchlist_count('8')]).toEqual(['1 entry', '8 entries']);
    expect([en.exported('1'), en.exported('40')]).toEqual(['1 row written.', '40 rows written.']);
    expect(en.for_you_intro(1)).toContain('Learned from one story that you were shown');
    expect(en.for_you_intro(2)).toContain('Learned from 2 stories that you were shown');
    expect(en.chart_beyond(1)).toContain('above its usual range once.');
    expect(en.chart_beyond(3)).toContain('above its usual range 3 times.');
    expect([en.measure_negative('1'), en.measure_negative('8.7')]).toEqual([
      'About 1 negative story',
      'About 8.7 negative stories',
    ]);
    expect([en.measure_stories('1'), en.measure_stories('31')]).toEqual(['1 story', '31 stories']);
    expect([en.word_title(1, '2.1'), en.word_title(4, '2.1')]).toEqual(['1 story (z = 2.1)', '4 stories (z = 2.1)']);
    expect(en.author_share('40%', 1)).toContain('The most frequent author wrote');
  });

  it('call a thing by one name in Chinese, and a reader 您', () => {
    // 警报 is an alert by another name, 关注列表 the watchlist; 待确认 stood beside a button that says 确认 and does something else.
    for (const [key, text] of textsOf(zh)) expect(text, key).not.toMatch(/警报|关注列表|待确认|你/);
    expect(zh.points('+3')).toBe('+3 个百分点');
    // A heading of a list says what is listed, and not that it is a number.
    expect([zh.documents_list, zh.documents]).toEqual(['文档', '文档数']);
  });

  it.each([
    'unavailable',
    'empty',
    'too_long',
    'markup',
    'uncited',
    'unknown_citation',
    'number',
    'name',
    'direction',
    'negation',
    'words',
  ])('say in both languages why prose is not shown: %s', (reason) => {
    expect(zh.answer_refused(reason)).toMatch(/^未采用语言模型的表述：[^a-z_]+。$/);
    expect(zh.answer_refused(reason)).not.toContain('未通过核对');
    expect(en.answer_refused(reason)).not.toMatch(/_|stand the check/);
  });

  it('name the language of texts in the reader’s, and one without a name by its code', () => {
    expect(['en', 'zh', 'other', 'fr'].map((code) => languageName(code, zh))).toEqual(['英文', '中文', '其他', 'fr']);
    expect(languageName('other', en)).toBe('Other');
  });

  it('explain fractions of what an alert counts, and that it is no count of labels', () => {
    expect(en.counted_negative).toMatch(/errors of the model taken out/);
    expect(zh.counted_negative).toMatch(/扣除模型的实测误差/);
    expect(en.counted_negative).toMatch(/an author at most twice/);
    expect(zh.counted_negative).toMatch(/每位作者.*最多计两次/);
  });
});
