/** The check of what a model wrote in Chinese: directions and denials, against facts that say the contrary or nothing. */
import { describe, expect, it } from 'vitest';
import type { PlainAnswer } from '../../../dashboards/ask/answer.ts';
import { checkPhrasing } from '../../../dashboards/ask/checking.ts';

const ROSE =
  '3月1日至3月8日（UTC），关于贵州茅台的10篇文档中有5篇负面（50%），高于此前同样长时间内的20%（10篇中有2篇）。';
const FELL =
  '3月1日至3月8日（UTC），关于贵州茅台的10篇文档中有2篇负面（20%），低于此前同样长时间内的50%（10篇中有5篇）。';
const answerOf = (facts: readonly string[], title = '茅台股价'): PlainAnswer => ({
  facts: facts.map((text) => ({ text, cites: [1] })),
  documents: [
    {
      number: 1,
      document_id: 'a',
      title,
      source: '财联社',
      published_at: '2024-03-05T00:00:00.000Z',
      language: 'zh',
    },
  ],
});
function check(text: string, answer: PlainAnswer): string {
  const checked = checkPhrasing(text, answer, () => []);
  return 'refused' in checked ? checked.refused : 'passed';
}

describe('the check of Chinese prose', () => {
  it.each([
    ['关于贵州茅台的负面占比为50%，高于此前的20%[1]。', 'passed'],
    ['关于贵州茅台的负面占比由20%升至50%[1]。', 'passed'],
    ['关于贵州茅台的负面占比降至50%[1]。', 'direction'],
    ['关于贵州茅台的负面占比由20%跌至50%[1]。', 'direction'],
    ['关于贵州茅台的负面占比收窄[1]。', 'direction'],
    ['关于贵州茅台的负面占比并不高于此前[1]。', 'negation'],
    ['关于贵州茅台的负面占比未高于此前[1]。', 'negation'],
    ['关于贵州茅台的负面占比不高于此前的20%[1]。', 'negation'],
    ['关于贵州茅台的负面占比没高于此前[1]。', 'negation'],
    ['关于贵州茅台的负面占比不过20%[1]。', 'negation'],
    ['关于贵州茅台的负面文档不少，占50%[1]。', 'passed'],
    ['不过，关于贵州茅台的负面占比为50%[1]。', 'passed'],
  ])('%s', (text, wanted) => expect(check(text, answerOf([ROSE]))).toBe(wanted));

  it('lets a denial of a title be repeated in other words, and in the other language', () => {
    expect(check('贵州茅台公司没有涨价[1]。', answerOf([ROSE], '贵州茅台公司否认涨价'))).toBe('passed');
    expect(check('关于贵州茅台的文档没有 dividend[1]。', answerOf([ROSE], 'Moutai pays no dividend'))).toBe('passed');
  });

  it('takes no denied rise for a rise', () => {
    const fell = answerOf([FELL, '这并非转折：负面占比没有高于此前。']);
    expect(check('关于贵州茅台的负面占比高于此前[1]。', fell)).toBe('direction');
    expect(check('关于贵州茅台的负面占比没有高于此前[1]。', fell)).toBe('passed');
  });

  it('takes no sign of a title for a denial of another kind, nor Africa and the future for one', () => {
    expect(check('贵州茅台没有负面文档[1]。', answerOf([ROSE], '茅台不涨'))).toBe('negation');
    const abroad = answerOf([ROSE], '茅台未来布局非洲市场');
    expect(check('贵州茅台未来布局非洲市场[1]。', abroad)).toBe('passed');
    expect(check('贵州茅台未布局非洲市场[1]。', abroad)).toBe('negation');
  });
});
