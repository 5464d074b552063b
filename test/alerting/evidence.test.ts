import { describe, expect, it } from 'vitest';
import { drivingDocuments, evidenceOf, summarize } from '../../alerting/evidence.ts';
import { alarm, explained, type Alarmed, type Judged } from '../../alerting/inhibition.ts';
import type { Series } from '../../core/event.ts';
import type { Baseline } from '../../alerting/baseline.ts';
import type { Judgement } from '../../alerting/detector.ts';
import { observe, type Observation } from '../../alerting/observation.ts';
import { factsOf } from '../../alerting/statement.ts';
import { closeThrough, newRecord, windowAt } from '../../alerting/window.ts';
import { HOUR, START, opinionOf } from './opinions.ts';

const rules = { bucketMs: HOUR, windowMs: 8 * HOUR, authorCap: 2, halfLifeMs: 14 * 24 * HOUR };
/** As much as the evidence reads of one: no past. */
const level = { expected: 1, lift: 0, variance: 1, dispersion: 1 };
const BASELINE = { negative: level, stories: level, blocks: [] } as unknown as Baseline;

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

  /** What is said of a window of these observations, each as negative as the correction makes it. */
  const judged = (stories: readonly Observation[]) => {
    const record = newRecord({ kind: 'entity', entity: 'acme', topic: null });
    record.waiting.push(...stories);
    closeThrough(record, START + HOUR, rules);
    const window = windowAt(record, START + HOUR, rules, () => true);
    const judgement: Judgement = {
      measure: 'negative',
      hours: 8,
      observed: window.negative,
      expected: 1,
      interval: { low: 0, high: 3 },
      observedShare: 1,
      expectedShare: 0.2,
      score: 9,
      pValue: 0,
      anomalous: true,
      reasons: [],
      stories: window.driving,
    };
    return { window, judgement };
  };
  const name = { en: 'Acme', zh: '艾克米' };

  it('lists each voice once, whether a name speaks at two outlets or an outlet signs nothing', () => {
    const said = (id: string, source: string, author: string | null, minute: number): Observation => {
      const opinion = opinionOf({ id, time: START + minute, negative: 0.9 });
      return observe({
        ...opinion,
        document: { ...opinion.document, source, author, source_class: author === null ? 'news' : 'social' },
      });
    };
    const { window, judgement } = judged([
      said('a', 'one', 'u_1', 1),
      said('b', 'two', 'u_1', 2),
      said('c', 'wire', null, 3),
      said('d', 'wire', null, 4),
      said('e', 'wire', null, 5),
      said('f', 'one', 'u_2', 6),
    ]);
    const { authors } = evidenceOf(window, BASELINE, judgement, new Map(), name);
    expect(authors.top).toEqual([
      { author: 'wire', share: 3 / 6 },
      { author: 'u_1', share: 2 / 6 },
      { author: 'u_2', share: 1 / 6 },
    ]);
    expect(authors.top_share).toBeCloseTo(1);
  });

  it('tells no more negative stories than there are stories, though the corrected sum is larger', () => {
    const stories = Array.from({ length: 20 }, (_, index) => ({
      ...observe(opinionOf({ id: `s${index}`, time: START + index, negative: 0.95 })),
      negative: 1.13,
    }));
    const { window, judgement } = judged(stories);
    expect(judgement.observed).toBeCloseTo(22.6);
    const watched = { model: 'm@1', background: new Map() };
    const facts = factsOf({ detector: 'surge', window, baseline: BASELINE, judgement }, watched, name, {
      settings: 's',
      publicUrl: null,
    });
    expect(facts.observed).toBe(20);
    expect(facts.evidence?.chart.at(-1)?.observed).toBe(20);
    expect(summarize(name, facts, 8, 'firing').en).toContain('20 negative stories');
    // Over days a detector counts what the window does not hold.
    const days = { ...judgement, hours: 72 };
    const told = factsOf({ detector: 'shift', window, baseline: BASELINE, judgement: days }, watched, name, {
      settings: 's',
      publicUrl: null,
    });
    expect(told.observed).toBeCloseTo(22.6);
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
