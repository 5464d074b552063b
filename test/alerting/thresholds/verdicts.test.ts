/** Verdicts from rows to cases, and into the judgement of a tick: with thresholds learned and without. */
import { describe, expect, it } from 'vitest';
import { levelOf } from '../../../alerting/discovery.ts';
import { createSurge, surge } from '../../../alerting/detectors/surge.ts';
import { alertingSettings, rulesOf } from '../../../alerting/settings.ts';
import { casesOf, openVerdicts } from '../../../alerting/thresholds/verdicts.ts';
import { type Thresholds } from '../../../alerting/thresholds/thresholds.ts';
import { createWatch } from '../../../alerting/watch.ts';
import { createLogger } from '../../../core/log.ts';
import type { FeedbackRow, Verdict } from '../../../core/feedback.ts';
import { createMemoryState } from '../../../core/state/memory.ts';
import type { Store } from '../../../core/store/store.ts';
import { alertRow } from '../../../core/store/rows.ts';
import { alertOf } from '../alerts.ts';

const LEVEL = levelOf(30, 3_600_000);
const log = createLogger({ level: 'silent', format: 'json' });

function verdict(author: string, alert_id: string, value: Verdict, minute = 0): FeedbackRow {
  const at = new Date(Date.parse('2026-03-10T00:00:00.000Z') + minute * 60_000).toISOString();
  const rest = { via: 'api', document_id: '', reason: '', takes_back: '', model: '', model_value: '' } as const;
  return { id: `${author}-${alert_id}`, at, kind: 'verdict', author, alert_id, value, ...rest };
}

const alert = (id: string, q_value: number | null = LEVEL / 2) =>
  ({
    ...alertOf(),
    alert_id: id,
    q_value,
    measure: 'negative',
    expected: 2,
    expected_share: 0.2,
    evidence: null,
  }) as const;

describe('verdicts as cases', () => {
  it('groups by kind and volume, and takes what people agree on', () => {
    const cases = casesOf(
      [
        verdict('Wei', 'a', 'useful'),
        verdict('Priya', 'a', 'useful'),
        verdict('Wei', 'b', 'wrong'),
        verdict('Wei', 'c', 'late'),
      ],
      ['a', 'b', 'c'].map((id) => alert(id)),
      LEVEL,
      8,
    );
    expect(cases.map(({ outcome }) => outcome)).toEqual(['useful', 'noise', 'late']);
    // 2 negative of 10 stories in 8 hours: 30 a day.
    expect(new Set(cases.map(({ group }) => group))).toEqual(new Set([`${alertOf().series.kind}/steady`]));
    expect(cases[0]?.ratio).toBeCloseTo(0.5, 9);
    expect(cases[0]?.weight).toBeGreaterThan(cases[1]?.weight ?? 1);
  });

  it('leaves out alerts that no false-discovery control judged, and verdicts of who is not relied on', () => {
    expect(casesOf([verdict('Wei', 'a', 'noise')], [alert('a', null)], LEVEL, 8)).toEqual([]);
    const ids = Array.from({ length: 20 }, (_, index) => `alert-${index}`);
    const honest = ['Wei', 'Priya', 'Ines'].flatMap((name) => ids.map((id, at) => verdict(name, id, 'useful', at)));
    const hostile = ids.map((id, at) => verdict('Mallory', id, 'noise', at));
    const more = Array.from({ length: 40 }, (_, index) => verdict('Mallory', `only-${index}`, 'noise', index));
    const all = [...ids, ...more.map(({ alert_id }) => alert_id)].map((id) => alert(id));
    const cases = casesOf([...honest, ...hostile, ...more], all, LEVEL, 8);
    expect(cases.filter(({ outcome }) => outcome === 'noise')).toEqual([]);
    expect(cases).toHaveLength(20);
  });

  it('keeps what it learned while the store is away and after a restart', async () => {
    const state = createMemoryState();
    const rows = [verdict('Wei', 'a', 'useful')];
    const store = {
      query: (sql: string) =>
        Promise.resolve(sql.includes('FROM feedback') ? rows : [{ body: alertRow(alert('a'))['body'] }]),
    } as unknown as Store;
    const options = { level: LEVEL, windowHours: 8, log };
    const first = openVerdicts(state, store, options);
    await first.poll();
    await state.transaction(() => first.save());
    expect(first.cases()).toHaveLength(1);
    const away = { query: () => Promise.reject(new Error('away')) } as unknown as Store;
    const second = openVerdicts(state, away, options);
    await second.poll();
    expect(second.cases()).toEqual(first.cases());
  });
});

describe('judging with learned thresholds', () => {
  it('is off by default and in a replay, and says its reason where it is on', () => {
    const plain = alertingSettings.parse({});
    const learning = alertingSettings.parse({ thresholds: { learn: true } });
    expect(rulesOf(plain, 'per_feed', []).thresholds).toBeUndefined();
    expect(rulesOf(learning, 'global', []).thresholds).toBeUndefined();
    expect(rulesOf(learning, 'per_feed', []).thresholds).toBeDefined();
    const asked: string[] = [];
    const strict: Thresholds = {
      factorFor(series) {
        asked.push(series.kind);
        return { factor: 0.03, reason: 'Learned from verdicts.' };
      },
      learn: () => undefined,
    };
    const rules = { ...rulesOf(plain, 'global', []), thresholds: strict };
    const watch = createWatch(rules, [createSurge('surge', surge.settings.parse({}))], () => ({ en: 'A', zh: 'A' }));
    const series = { kind: 'entity', entity: 'a', topic: null } as const;
    const [said] = watch.inspect(series, Date.parse('2026-03-10T00:00:00.000Z'));
    expect(asked).toContain('entity');
    expect(said?.judgement.reasons.at(-1)).toBe('Learned from verdicts.');
    expect(said?.judgement.reasons.at(-2)).toContain('false alerts in 30 days');
  });

  it('moves with verdicts and stays within the ends of its grid', () => {
    const learning = rulesOf(
      alertingSettings.parse({ thresholds: { learn: true, factors: [0.1, 1, 2] } }),
      'per_feed',
      [],
    );
    const thresholds = learning.thresholds ?? expect.fail();
    const usual = { measure: 'negative', expected: 2, expectedShare: 0.2, hours: 8 } as const;
    const series = { kind: 'entity', entity: 'a', topic: null } as const;
    thresholds.learn(
      [0.05, 0.5, 1.5].flatMap((ratio) =>
        Array.from({ length: 50 }, () => ({
          group: 'entity/steady',
          ratio,
          outcome: 'noise' as const,
          weight: 1,
          at: 0,
        })),
      ),
    );
    const factors = Array.from(
      { length: 30 },
      (_, day) => thresholds.factorFor(series, usual, day * 86_400_000)?.factor,
    );
    expect(factors.filter((factor) => factor === 0.1).length).toBeGreaterThan(25);
    expect(factors.every((factor) => factor === 0.1 || factor === 1 || factor === 2)).toBe(true);
  });
});
