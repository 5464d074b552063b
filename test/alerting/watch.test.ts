import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Confusion } from '../../alerting/correction.ts';
import type { Changes } from '../../alerting/courses.ts';
import { createSurge, surge } from '../../alerting/detectors/surge.ts';
import { watermark } from '../../alerting/lanes.ts';
import { alertingSettings, rulesOf } from '../../alerting/settings.ts';
import { createWatch, type Intake, type Watch } from '../../alerting/watch.ts';
import { alertSchema, findingSchema, type Alert, type Opinion } from '../../core/event.ts';
import { DAY, HOUR, START, opinionOf, plantedIncidents, randomFrom, simulatedFeed, withDocument } from './opinions.ts';

const rules = rulesOf(alertingSettings.parse({}), 'global', []);

function newWatch(confusion?: Confusion): Watch {
  const name = (text: string | null) => ({ en: text ?? '', zh: text ?? '' });
  const known = confusion === undefined ? rules : { ...rules, confusion: new Map([['*', confusion]]) };
  return createWatch(known, [createSurge('surge', surge.settings.parse({}))], ({ entity, topic }) =>
    name(entity ?? topic),
  );
}

interface Run {
  readonly alerts: Alert[];
  readonly findings: Changes['findings'];
  readonly intakes: Map<Intake, number>;
  readonly watch: Watch;
}

/** Feeds opinions one by one, moving event time on after each as a replay does. */
function run(opinions: readonly Opinion[], options: { settle?: boolean; confusion?: Confusion } = {}): Run {
  const watch = newWatch(options.confusion);
  const result: Run = { alerts: [], findings: [], intakes: new Map(), watch };
  const keep = ({ alerts, findings }: Changes): void => {
    result.alerts.push(...alerts);
    result.findings.push(...findings);
  };
  for (const opinion of opinions) {
    const intake = watch.take(opinion);
    result.intakes.set(intake, (result.intakes.get(intake) ?? 0) + 1);
    keep(watch.advance(watermark(watch.state.lanes, rules.watermark, 0) ?? 0));
  }
  const last = opinions.at(-1);
  if (options.settle !== false && last !== undefined) {
    keep(watch.advance(Date.parse(last.document.published_at) + 20 * HOUR));
  }
  return result;
}

const fired = (alerts: readonly Alert[]): string[] => [
  ...new Set(alerts.filter(({ state }) => state === 'firing').map(({ name }) => name)),
];

/** Ten days of a few neutral stories a day on two companies. */
function background(seed = 1, days = 10): Opinion[] {
  const random = randomFrom(seed);
  return Array.from({ length: days * 12 }, (_, index) =>
    opinionOf({
      id: `b${index}`,
      time: START + index * 2 * HOUR + Math.floor(random() * HOUR),
      negative: random() < 0.15 ? 0.85 : 0.05 + random() / 10,
      entities: [random() < 0.5 ? 'acme' : 'globex'],
      topic: random() < 0.5 ? 'Markets' : 'Earnings',
    }),
  );
}

function incident(at: number, count = 20, facts: { topic?: string } = {}): Opinion[] {
  return Array.from({ length: count }, (_, index) =>
    opinionOf({
      id: `i${index}`,
      time: at + index * 20 * 60_000,
      negative: 0.85,
      entities: ['acme'],
      topic: 'Markets',
      ...facts,
    }),
  );
}

const byTime = (opinions: readonly Opinion[]): Opinion[] =>
  [...opinions].sort((a, b) => (a.document.published_at < b.document.published_at ? -1 : 1));

describe('the bundled feed under a simulated classifier', () => {
  it.each([1, 2, 3, 4, 5])('fires the three planted incidents and nothing else (labels of seed %i)', (seed) => {
    for (const backgroundNegative of [0.05, 0.2]) {
      const { alerts } = run(simulatedFeed({ seed, backgroundNegative }));
      expect(fired(alerts)).toEqual(['norvale_bank', 'halcyon_motors', 'quillmere_software']);
      for (const name of fired(alerts)) {
        const states = alerts.filter((alert) => alert.name === name).map(({ state }) => state);
        expect([states[0], states[1], states.at(-1)]).toEqual(['pending', 'firing', 'resolved']);
      }
    }
  });

  it('fires each within its incident, on documents of the incident', () => {
    const { alerts } = run(simulatedFeed({ seed: 7 }));
    for (const planted of plantedIncidents().filter(({ kind }) => kind === 'incident')) {
      const alert = alerts.find(({ state, series }) => state === 'firing' && series.entity === planted.entity);
      expect(alert?.at.localeCompare(planted.from)).toBe(1);
      expect(alert?.at.localeCompare(planted.to)).toBe(-1);
      const share = alert?.documents.filter(({ id }) => planted.documents.includes(id)).length ?? 0;
      expect(share / (alert?.documents.length ?? 0)).toBeGreaterThan(0.7);
    }
  });

  it('is not fooled by the bot flood when its posts are not recognised as copies', () => {
    const flood = plantedIncidents().find(({ kind }) => kind === 'bot_flood');
    const feed = simulatedFeed({ seed: 3, storiesFound: false });
    const { alerts } = run(feed);
    expect(fired(alerts)).not.toContain(flood?.entity);
  });

  it('says all of it in the documented form', () => {
    const { alerts, findings } = run(simulatedFeed({ seed: 9 }));
    for (const alert of alerts) expect(alertSchema.parse(alert)).toEqual(alert);
    for (const finding of findings) expect(findingSchema.parse(finding)).toEqual(finding);
    expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
  });

  it('fires the incidents even when a third of their documents is labelled neutral', () => {
    const random = randomFrom(99);
    const neutral = (opinion: Opinion): Opinion => ({
      ...opinion,
      sentiment: 'neutral',
      sentiment_probabilities: { negative: 0.2, neutral: 0.7, positive: 0.1 },
    });
    const feed = simulatedFeed({ seed: 3 }).map((opinion) => (random() < 0.33 ? neutral(opinion) : opinion));
    expect(fired(run(feed).alerts)).toEqual(['norvale_bank', 'halcyon_motors', 'quillmere_software']);
  });
});

describe('the bundled feed, corrected by what a model is known to get wrong', () => {
  it.each([
    [
      'an honest model',
      [
        [0.85, 0.12, 0.03],
        [0.05, 0.9, 0.05],
        [0.03, 0.12, 0.85],
      ],
    ],
    [
      'a weak one',
      [
        [0.66, 0.26, 0.08],
        [0.12, 0.78, 0.1],
        [0.09, 0.27, 0.64],
      ],
    ],
  ] as const)('fires the same incidents and nothing else: %s', (_, confusion) => {
    expect(fired(run(simulatedFeed({ seed: 2 }), { confusion }).alerts)).toEqual([
      'norvale_bank',
      'halcyon_motors',
      'quillmere_software',
    ]);
  });
});

describe('the watch', () => {
  it('holds the topic of a firing entity back and says so', () => {
    const { alerts, findings } = run(byTime([...background(), ...incident(START + 8 * DAY)]));
    expect(fired(alerts)).toEqual(['acme']);
    const held = findings.filter(({ reasons }) => reasons.some((reason) => reason.startsWith('Held back')));
    expect(held.map(({ series }) => series.topic)).toContain('Markets');
    expect(held.every(({ anomalous }) => !anomalous)).toBe(true);
  });

  it('fires a topic that no entity explains', () => {
    const unnamed = incident(START + 8 * DAY).map((opinion) => withDocument(opinion, { entities: [] }));
    expect(fired(run(byTime([...background(), ...unnamed])).alerts)).toEqual(['Markets']);
  });

  it('does not judge by a feed that has just begun', () => {
    expect(fired(run(byTime([...background(1, 3), ...incident(START + 3 * DAY)])).alerts)).toEqual([]);
    const added = incident(START + 8 * DAY).map((opinion) => withDocument(opinion, { feed: 'new feed' }));
    expect(fired(run(byTime([...background(), ...added])).alerts)).toEqual([]);
  });

  it('fires on a company that was never mentioned before', () => {
    const entities = [{ id: 'unheard', surface: 'Unheard', relevance: 100 }];
    const unknown = incident(START + 8 * DAY).map((opinion) => withDocument(opinion, { entities }));
    expect(fired(run(byTime([...background(), ...unknown])).alerts)).toContain('unheard');
  });

  it('counts a message that comes twice once', () => {
    const feed = byTime([...background(), ...incident(START + 8 * DAY)]);
    const twice = feed.flatMap((opinion) => [opinion, opinion]);
    const { alerts, intakes } = run(twice);
    expect(alerts).toEqual(run(feed).alerts);
    expect(intakes.get('duplicate')).toBe(feed.length);
  });

  it('takes late documents into the history without judging the past again', () => {
    const feed = byTime([...background()]);
    const { intakes, watch } = run([...feed, ...incident(START + 5 * DAY)]);
    expect(intakes.get('late')).toBe(20);
    const stories = watch.state.records.get('entity:acme')?.past.stories.reduce((sum, count) => sum + count, 0);
    const without = run(feed)
      .watch.state.records.get('entity:acme')
      ?.past.stories.reduce((sum, count) => sum + count, 0);
    expect((stories ?? 0) - (without ?? 0)).toBeCloseTo(20, 9);
  });

  it('leaves out what is older than its history', () => {
    const { intakes } = run([...background(1, 10), opinionOf({ id: 'old', time: START - 30 * DAY })]);
    expect(intakes.get('too_old')).toBe(1);
  });

  it('crosses years of silence without walking through them', () => {
    const started = performance.now();
    const later = opinionOf({ id: 'z', time: START + 3650 * DAY });
    const { alerts } = run([...byTime([...background(), ...incident(START + 8 * DAY)]), later]);
    expect(alerts.at(-1)?.state).toBe('resolved');
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('forgets what no baseline reaches', () => {
    const { watch } = run([...background(), opinionOf({ id: 'z', time: START + 90 * DAY, entities: ['other'] })]);
    expect([...watch.state.records.keys()].sort()).toEqual([
      'entity:other',
      'entity_topic:other/Markets',
      'language:en',
      'source_class:social',
      'topic:Markets',
    ]);
    expect(watch.state.ids.size).toBe(1);
  });

  it('shows at the end of an alert what it was at its height', () => {
    const { alerts } = run(byTime([...background(), ...incident(START + 8 * DAY)]));
    const resolved = alerts.find(({ state }) => state === 'resolved');
    expect(resolved?.story_count).toBeGreaterThanOrEqual(20);
    expect(resolved?.summary.en).toContain('back to normal; at its peak');
  });
});

describe('properties', () => {
  const feed = byTime([...background(5), ...incident(START + 8 * DAY)]);
  const usual = run(feed).alerts;

  it('the order of arrival within the allowed lateness changes no alert', () => {
    expect(fired(usual)).toEqual(['acme']);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = randomFrom(seed);
        const shuffled = feed
          .map((opinion) => ({ opinion, at: Date.parse(opinion.document.published_at) + random() * HOUR }))
          .sort((a, b) => a.at - b.at)
          .map(({ opinion }) => opinion);
        const { alerts, intakes } = run(shuffled);
        expect(intakes.get('late')).toBeUndefined();
        expect(alerts).toEqual(usual);
      }),
      { numRuns: 30 },
    );
  });

  it('cutting off the future changes no earlier alert', () => {
    let said = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: feed.length }), (length) => {
        const { alerts, watch } = run(feed.slice(0, length), { settle: false });
        // All that was judged by then: neither more, nor less, nor other words.
        const closed = watch.state.closed ?? -Infinity;
        expect(alerts).toEqual(usual.filter(({ at }) => Date.parse(at) <= closed));
        said += alerts.length;
      }),
      { numRuns: 60, examples: [[feed.length], [feed.length - 10]] },
    );
    expect(said).toBeGreaterThan(0);
  });

  it('more posts by the same authors never raise the score past their cap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 1, max: 4 }), (posts, authors) => {
        const flood = Array.from({ length: posts * authors }, (_, index) =>
          opinionOf({
            id: `f${index}`,
            time: START + 8 * DAY + index * 1000,
            negative: 0.99,
            author: `bot ${index % authors}`,
          }),
        );
        const { alerts, watch } = run(byTime([...background(1, 8), ...flood]), { settle: false });
        expect(fired(alerts)).toEqual([]);
        watch.advance(START + 8 * DAY + HOUR);
        const counted = watch.state.records
          .get('entity:acme')
          ?.buckets.flatMap(({ admitted }) => admitted)
          .filter(({ id }) => id.startsWith('f'));
        expect(counted).toHaveLength(2 * authors);
      }),
      { numRuns: 20 },
    );
  });
});
