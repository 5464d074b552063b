import { describe, expect, it } from 'vitest';
import { namesOf } from '../../app/names.ts';
import { watchedEntitySchema } from '../../core/watched_entity.ts';

const names = namesOf(
  [
    { id: 'apple', name: 'Apple Inc', name_zh: '苹果公司', cased: ['Apple'], ambiguous: ['苹果'], not: ['苹果期货'] },
    { id: 'ping_an', name: 'Ping An Insurance', ambiguous: ['平安', 'Target'], not: ['一路平安'] },
  ].map((entry) => watchedEntitySchema.parse({ kind: 'company', ...entry })),
);

describe('the entities that a question names', () => {
  it.each([
    ['为什么苹果从周二开始变负面？', ['apple']],
    ['苹果怎么了', ['apple']],
    ['为什么平安最近变负面', ['ping_an']],
    ['Why is Apple negative since Tuesday?', ['apple']],
  ])('takes an ambiguous Chinese name at its word: %s', (text, wanted) =>
    expect(names.entitiesIn(text)).toEqual(wanted),
  );

  it('still leaves out what is named under `not`, and common words of English', () => {
    for (const text of ['苹果期货怎么了', '祝一路平安', 'why are apples dear', 'what is the price target'])
      expect(names.entitiesIn(text), text).toEqual([]);
  });
});
