/** Simulated analysts judge simulated alerts: what the bandit loses against the best arm of each group, beside fixed thresholds. */
import { describe, expect, it } from 'vitest';
import { bandsOf, choose, worthOf, type BanditRules, type Case } from '../../../alerting/thresholds/bandit.ts';
import { drawBeta, numbersFor } from '../../../alerting/thresholds/draw.ts';
import { banditRulesOf, thresholdSettings } from '../../../alerting/thresholds/settings.ts';
import { createThresholds } from '../../../alerting/thresholds/thresholds.ts';

const RULES: BanditRules = banditRulesOf(thresholdSettings.parse({ learn: true })) ?? expect.fail();
const DAY = 86_400_000;
const { factors } = RULES;

/** By group: the useful part of each band, and how many windows a day fall into it. Nobody tells the bandit. */
const WORLD: Readonly<Record<string, { readonly useful: readonly number[]; readonly aDay: number }>> = {
  // News of large companies: what is improbable matters, what is a little less so as well.
  'entity/busy': { useful: [0.95, 0.9, 0.85, 0.7, 0.55], aDay: 0.5 },
  // Quiet names: only the plainest surges are about anything.
  'entity/quiet': { useful: [0.9, 0.6, 0.15, 0.05, 0.02], aDay: 0.5 },
  'topic/steady': { useful: [0.8, 0.7, 0.6, 0.2, 0.1], aDay: 0.5 },
};
const DAYS = 240;

/** Regret of each day, in units of a useful alert, of whoever says which arm a group has on a day. */
function regretOf(armOf: (group: string, cases: readonly Case[], day: number) => number, seed: string): number[] {
  const cases: Case[] = [];
  return Array.from({ length: DAYS }, (_, day) => {
    const random = numbersFor('world', seed, String(day));
    let regret = 0;
    for (const [group, { useful, aDay }] of Object.entries(WORLD)) {
      const factor = armOf(group, cases, day);
      const arm = factors.indexOf(factor);
      const best = Math.max(...worthOf(useful, RULES));
      // Expected over what may happen that day, so that the curve shows the choice and not the weather.
      regret += aDay * (best - (worthOf(useful, RULES)[arm] ?? 0));
      for (const [band, share] of useful.entries()) {
        const isRaised = band <= arm && random() < aDay;
        // Six of ten alerts get a verdict, one verdict in ten is wrong.
        if (!isRaised || random() > 0.6) continue;
        const isUseful = random() < share !== random() < 0.1;
        const ratio = (factors[band] ?? 1) * 0.9;
        cases.push({ group, ratio, outcome: isUseful ? 'useful' : 'noise', weight: 1, at: day * DAY + 1 });
      }
    }
    return regret;
  });
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('thresholds by a contextual bandit', () => {
  it('loses less and less against the best arms, and in the end less than any fixed threshold', () => {
    const seeds = ['a', 'b', 'c', 'd', 'e'];
    const learned = seeds.map((seed) => regretOf((group, cases, day) => choose(group, cases, RULES, day).factor, seed));
    const mean = (from: number, to: number): number =>
      sum(learned.map((days) => sum(days.slice(from, to)))) / seeds.length / (to - from);
    const fixed = factors.map((factor) => regretOf(() => factor, 'a')[0] ?? 0);
    const [first, middle, last] = [mean(0, 40), mean(40, 120), mean(200, 240)];
    process.stdout.write(
      `regret a day, bandit: ${first.toFixed(3)} (days 1-40), ${middle.toFixed(3)} (41-120), ${last.toFixed(3)} (201-240); ` +
        `fixed at ${factors.map((factor, arm) => `${factor}: ${fixed[arm]?.toFixed(3)}`).join(', ')}\n`,
    );
    expect(middle).toBeLessThan(first);
    expect(last).toBeLessThan(0.5 * first);
    expect(last).toBeLessThan(0.5 * Math.min(...fixed));
    // Over the whole run, learning included.
    expect(mean(0, DAYS)).toBeLessThan(Math.min(...fixed));
  });

  it('draws the same for the same seed, day and verdicts, and another for another seed', () => {
    const cases: Case[] = [{ group: 'g', ratio: 0.5, outcome: 'noise', weight: 1, at: 0 }];
    const days = Array.from({ length: 60 }, (_, day) => day + 1);
    const drawn = (seed: number): number[] => days.map((day) => choose('g', cases, { ...RULES, seed }, day).factor);
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });

  it('never leaves the grid, whatever is said, and is as strict as it may be where all is noise', () => {
    const flood = (outcome: Case['outcome']): Case[] =>
      Array.from({ length: 500 }, (_, index) => ({
        group: 'g',
        ratio: 0.03 * (index % 100),
        outcome,
        weight: 1,
        at: 0,
      }));
    for (const outcome of ['useful', 'noise', 'late'] as const)
      for (let day = 1; day < 30; day += 1) expect(factors).toContain(choose('g', flood(outcome), RULES, day).factor);
    const strictest = Array.from(
      { length: 30 },
      (_, day) => choose('g', flood('noise'), RULES, day).factor === factors[0],
    );
    expect(strictest.filter(Boolean).length).toBeGreaterThan(20);
  });

  it('lets old verdicts fade', () => {
    const old: Case[] = Array.from({ length: 40 }, () => ({
      group: 'g',
      ratio: 0.9,
      outcome: 'noise',
      weight: 1,
      at: 0,
    }));
    const [then, later] = [bandsOf(old, RULES, 0), bandsOf(old, RULES, 10 * RULES.halfLifeMs)];
    const usual = factors.indexOf(1);
    expect(then[usual]?.noise).toBeCloseTo(41);
    expect(later[usual]?.noise).toBeLessThan(1.1);
  });

  it('says late of the looser band too', () => {
    const late: Case[] = [{ group: 'g', ratio: 0.2, outcome: 'late', weight: 1, at: 0 }];
    const [before, after] = [bandsOf([], RULES, 0), bandsOf(late, RULES, 0)];
    expect(after.map(({ useful }, band) => useful - (before[band]?.useful ?? 0))).toEqual([0, 0, 1, 1, 0]);
  });

  it('gives one factor a day and group, with a sentence that says why and between which bounds', () => {
    const thresholds = createThresholds(RULES);
    const series = { kind: 'entity', entity: 'a', topic: null } as const;
    const usual = { measure: 'negative', expected: 4, expectedShare: 0.2, hours: 8 } as const;
    const first = thresholds.factorFor(series, usual, 100 * DAY + 1);
    thresholds.learn(
      factors.flatMap((ratio) =>
        Array.from(
          { length: 30 },
          () => ({ group: 'entity/busy', ratio, outcome: 'noise', weight: 1, at: DAY }) as const,
        ),
      ),
    );
    expect(thresholds.factorFor(series, usual, 100 * DAY + 2)).toEqual(first);
    const next = thresholds.factorFor(series, usual, 101 * DAY);
    expect(next?.factor).toBe(factors[0]);
    expect(next?.reason).toMatch(
      /verdicts on busy series of kind entity: the level is 0\.03 times .*between 0\.03 and 3/,
    );
  });

  it('draws from the Beta that it is asked for', () => {
    const random = numbersFor('beta');
    const drawn = Array.from({ length: 20_000 }, () => drawBeta(3, 5, random));
    const mean = sum(drawn) / drawn.length;
    const variance = sum(drawn.map((value) => (value - mean) ** 2)) / drawn.length;
    expect(mean).toBeCloseTo(3 / 8, 2);
    expect(variance).toBeCloseTo((3 * 5) / (8 * 8 * 9), 3);
  });

  it('refuses a grid without the level of the settings, or out of order', () => {
    for (const given of [{ factors: [0.1, 3] }, { factors: [1, 0.1] }, { factors: [1, 100] }])
      expect(thresholdSettings.safeParse(given).success, JSON.stringify(given)).toBe(false);
    expect(banditRulesOf(thresholdSettings.parse({}))).toBeNull();
  });
});
