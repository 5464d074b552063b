import { describe, expect, it } from 'vitest';
import { drivingDocuments, summarize } from '../../alerting/evidence.ts';
import { alarm, explained, type Alarmed, type Judged } from '../../alerting/inhibition.ts';
import type { Series } from '../../core/event.ts';
import { observe } from '../../alerting/observation.ts';
import { closeThrough, newRecord, windowAt } from '../../alerting/window.ts';
import { HOUR, START, opinionOf } from './opinions.ts';

const rules = { bucketMs: HOUR, windowMs: 8 * HOUR, authorCap: 2, halfLifeMs: 14 * 24 * HOUR };

describe('evidence', () => {
  it('says in both languages what was counted and what was expected', () => {
    const name = { en: 'Norvale Bank', zh: '诺维银行' };
    const judgement = { observed: 18.2, expected: 2.13, interval: { low: 0, high: 6 }, measure: 'negative' as const };
    expect(summarize(name, judgement, 8, 'firing')).toEqual({
      en: 'Norvale Bank: 18 negative stories in 8 h where 2.1 were expected (95% interval 0 to 6)',
      zh: '诺维银行：8小时内18条负面报道，预期2.1条（95%区间0至6条）',
    });
    expect(summarize(name, judgement, 8, 'resolved')).toEqual({
      en: 'Norvale Bank: back to normal; at its peak 18 negative stories in 8 h where 2.1 were expected (95% interval 0 to 6)',
      zh: '诺维银行：已恢复正常；高峰时8小时内18条负面报道，预期2.1条（95%区间0至6条）',
    });
  });

  it('shows the ten most negative stories, one document each, with their copies', () => {
    const record = newRecord({ kind: 'entity', entity: 'acme', topic: null });
    for (let index = 0; index < 15; index += 1) {
      record.waiting.push(observe(opinionOf({ id: `d${index}`, time: START + index, negative: 0.6 + index / 50 })));
    }
    record.waiting.push(observe(opinionOf({ id: 'copy', time: START + 99, negative: 0.99, story: 'story of d14' })));
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, () => true);
    const documents = drivingDocuments(window.driving, window.copies);
    expect(documents).toHaveLength(10);
    expect(documents[0]).toEqual({
      id: 'd14',
      story: 'story of d14',
      source: 'outlet',
      author: 'author of d14',
      url: 'https://example.com/d14',
      title: 'Title of d14',
      language: 'en',
      published_at: '2026-03-02T00:00:00.014Z',
      negative: 0.88,
      copies: 1,
    });
  });

  it('shows the beginning of a post without a title, in whole characters', () => {
    const opinion = opinionOf({ id: 'a', time: START });
    const shown = observe({ ...opinion, document: { ...opinion.document, title: null, text: '🏦'.repeat(400) } }).shown;
    expect(shown?.title.length).toBeLessThanOrEqual(300);
    expect(shown?.title.isWellFormed()).toBe(true);
  });
});

describe('inhibition', () => {
  /** Driving stories about these entities, of a window that saw as many where none were usual. */
  const driving = (entities: readonly string[][], usual = 0): Judged => ({
    measure: 'negative',
    observed: 0.9 * entities.length,
    interval: { low: 0, high: usual },
    stories: entities.map((ids, index) =>
      observe(opinionOf({ id: String(index), time: START, negative: 0.9, entities: ids })),
    ),
  });
  const topic: Series = { kind: 'topic', entity: null, topic: 'Markets' };
  const norvale: Series = { kind: 'entity', entity: 'norvale', topic: null };
  const pair: Series = { kind: 'entity_topic', entity: 'norvale', topic: 'Markets' };
  const alarmedBy = (...series: readonly Series[]): Alarmed => {
    const alarmed: Alarmed = { entities: new Set(), pairs: new Set(), topics: new Set(), classes: new Set() };
    for (const one of series) alarm(alarmed, one);
    return alarmed;
  };

  it('holds a topic back when more than 60% of what drives it belongs to entities with an alert', () => {
    const stories = driving([['norvale'], ['norvale'], ['norvale', 'other'], ['norvale'], ['other'], []]);
    expect(explained(topic, stories, alarmedBy(norvale), new Map())).toBe(
      'Held back: 4 of 6 driving stories belong to norvale, with an alert of its own.',
    );
  });

  it('lets a topic speak that is about more than that', () => {
    const stories = driving([['norvale'], ['norvale'], ['norvale'], [], ['other']]);
    expect(explained(topic, stories, alarmedBy(norvale), new Map())).toBeNull();
    expect(explained(topic, stories, alarmedBy(), new Map())).toBeNull();
    expect(explained(topic, driving([]), alarmedBy(norvale), new Map())).toBeNull();
  });

  it('holds a topic back when what is left without an entity that has an alert is usual', () => {
    const entities = [['norvale'], ['norvale'], ['norvale'], [], ['other']];
    expect(explained(topic, driving(entities, 2), alarmedBy(norvale), new Map())).toBe(
      'Held back: 3 of 5 driving stories belong to norvale, with an alert of its own; without them 1.8 are left, where up to 2 are usual.',
    );
    expect(explained(topic, driving(entities, 1), alarmedBy(norvale), new Map())).toBeNull();
    expect(explained(topic, driving(entities, 9), alarmedBy(), new Map())).toBeNull();
    const share: Judged = { ...driving(entities, 2), measure: 'share' };
    expect(explained(topic, share, alarmedBy(norvale), new Map())).toBeNull();
  });

  it('says one incident once between an entity and the entity within a topic, whichever came first', () => {
    const stories = driving([['norvale'], ['norvale'], ['norvale']]);
    expect(explained(pair, stories, alarmedBy(norvale), new Map())).toContain('Held back: norvale');
    expect(explained(norvale, stories, alarmedBy(pair), new Map())).toContain('norvale/Markets');
    expect(explained(norvale, stories, alarmedBy({ ...pair, topic: 'Earnings' }), new Map())).toBeNull();
  });

  it('holds a language and a class of sources back behind anything narrower', () => {
    const stories = driving([['norvale'], [], []]);
    const all: Series = { kind: 'source_class', entity: null, topic: null, source_class: 'social' };
    const english: Series = { kind: 'language', entity: null, topic: null, language: 'en' };
    expect(explained(all, stories, alarmedBy(topic), new Map())).toContain('belong to Markets');
    expect(explained(english, stories, alarmedBy(all), new Map())).toContain('belong to social');
    expect(explained(all, stories, alarmedBy(english), new Map())).toBeNull();
  });
});
