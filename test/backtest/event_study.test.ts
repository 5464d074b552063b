import { describe, expect, it } from 'vitest';
import { eventStudy, LEAST_ALERTS } from '../../backtest/event_study.ts';
import type { Close } from '../../backtest/prices.ts';
import { generator } from '../../backtest/random.ts';
import type { FiredAlert } from '../../backtest/run.ts';
import { studySection } from '../../backtest/study_section.ts';

const DAY = 86_400_000;
const START = Date.UTC(2022, 0, 3);
const dayOf = (index: number): string => new Date(START + index * DAY).toISOString().slice(0, 10);
const told = (index: number): FiredAlert =>
  ({ series: { kind: 'entity', entity: 'acme', topic: null }, toldAt: START + index * DAY + DAY / 2 }) as FiredAlert;

/** A random walk of so many days. */
function walk(days: number, seed: number): Close[] {
  const random = generator(seed);
  let close = 100;
  return Array.from({ length: days }, (_, index) => ({ day: dayOf(index), close: (close *= 0.98 + random() * 0.04) }));
}

const studyOf = (alerts: readonly FiredAlert[], closes: readonly Close[], market: readonly Close[] | null = null) =>
  eventStudy(alerts, new Map([['acme', closes]]), market === null ? null : { symbol: 'M', closes: market });

describe('the study of prices after alerts', () => {
  it('gives no alert the return of another time, and says how many it left out', () => {
    // 100 on the first day, then 150: an alert of years before must not have that rise.
    const closes = walk(60, 1).map((one, index) => ({ ...one, close: index === 0 ? 100 : 150 }));
    const before = Array.from({ length: 25 }, (_, index) => told(-700 + index));
    expect(studyOf(before, closes)).toMatchObject({ rows: [], usable: 0, leftOut: 25 });
    // After the last close, and in a hole of half a year.
    const holed = [...closes, { day: dayOf(240), close: 90 }, { day: dayOf(241), close: 91 }];
    expect(studyOf([told(300), told(100), told(5)], holed)).toMatchObject({ usable: 1, leftOut: 2 });
    // Nor one that reaches over the hole: from the 57th day two closes are left before it.
    const over = studyOf([told(56)], holed);
    expect(over).toMatchObject({ usable: 1, leftOut: 0 });
    expect(over.rows.map(({ days }) => days)).toEqual([1]);
  });

  it('says how many alerts are on entities that have no prices', () => {
    const other = { series: { kind: 'entity', entity: 'globex', topic: null }, toldAt: START } as unknown as FiredAlert;
    const all = { series: { kind: 'all', entity: null, topic: null }, toldAt: START } as unknown as FiredAlert;
    const study = studyOf([told(5), other, all], walk(60, 1));
    expect(study).toMatchObject({ usable: 1, leftOut: 0, withoutPrices: 1 });
    expect(studySection(study, [])).toContain('Left out, because their entities have no prices: 1 alerts.');
  });

  it('keeps an alert before a long holiday of an exchange', () => {
    // Shanghai: 28 September 2023, then 9 October.
    const closes = [walk(1, 1)[0], ...walk(5, 1).map((one, index) => ({ ...one, day: dayOf(11 + index) }))] as Close[];
    expect(studyOf([told(0)], closes)).toMatchObject({ usable: 1, leftOut: 0 });
  });

  it('takes off what the market did over the same days, or gives no return', () => {
    const closes = Array.from({ length: 60 }, (_, index) => ({ day: dayOf(index), close: 100 * 1.01 ** index }));
    expect(studyOf([told(2)], closes, closes.slice(40)).rows).toEqual([]);
    for (const { mean } of studyOf([told(45)], closes, closes.slice(40)).rows) expect(mean).toBeCloseTo(0, 9);
    // The market was closed on the days themselves and opened within a long weekend.
    const gaps = closes.filter((_, index) => index % 4 === 0);
    expect(studyOf([told(2)], closes, gaps).rows).toHaveLength(5);
  });

  it('draws the placebo over the alerts that have a return, so that few alerts have a wide one', () => {
    const closes = walk(400, 7);
    const three = [50, 150, 250].map(told);
    const late = Array.from({ length: 22 }, (_, index) => told(381 + (index % 12)));
    const wide = (alerts: readonly FiredAlert[]): { alerts: number; tooFew: boolean; width: number } => {
      const row = studyOf(alerts, closes).rows.find(({ days }) => days === 20);
      const [low, high] = row?.placeboInterval ?? [0, 0];
      return { alerts: row?.alerts ?? 0, tooFew: row?.tooFew ?? false, width: high - low };
    };
    const [alone, among] = [wide(three), wide([...three, ...late])];
    expect(among).toMatchObject({ alerts: 3, tooFew: true });
    expect(among.width / alone.width).toBeGreaterThan(0.9);
    expect(among.width / alone.width).toBeLessThan(1.1);
    const short = studyOf([...three, ...late], closes).rows[0];
    expect(short?.alerts).toBeGreaterThanOrEqual(LEAST_ALERTS);
    expect(short?.tooFew).toBe(false);
    const html = studySection(studyOf([...three, ...late, told(-5)], closes), []);
    expect(html).toMatch(/Over (?:\d+, )*20 trading days fewer than 20 alerts have a return: too few to say anything/);
    expect(html).toContain('in a gap of them: 1 of 26 alerts');
  });

  it('looks each day of the market up once, not in every round', () => {
    let looks = 0;
    const market = walk(500, 3).map(({ day, close }) => ({
      get day() {
        looks += 1;
        return day;
      },
      close,
    }));
    studyOf([10, 100, 200].map(told), walk(500, 2), market);
    expect(looks).toBeLessThan(200_000);
  });
});
