import { describe, expect, it } from 'vitest';
import {
  UNBORN,
  endByHand,
  isResting,
  step,
  type Change,
  type Life,
  type LifecycleRules,
} from '../../alerting/lifecycle.ts';
import { HOUR, START } from './opinions.ts';

const rules: LifecycleRules = {
  bucketMs: HOUR,
  forBuckets: 1,
  clearScore: 2,
  criticalScore: 8,
  criticalRatio: 3,
  keepFiringMs: 2 * HOUR,
  refractoryMs: 24 * HOUR,
};

/** Steps through one score an hour, anomalous from 4 on; gives what was announced, as hour, state and severity. */
function live(
  scores: readonly number[],
  with_: LifecycleRules & { ratio?: number } = rules,
): { told: string[]; changes: Change[]; life: Life } {
  let life = UNBORN;
  const changes: Change[] = [];
  for (const [hour, score] of scores.entries()) {
    const at = START + hour * HOUR;
    const input = {
      series: 'entity:acme',
      detector: 'surge',
      at,
      anomalous: score >= 4,
      score,
      ratio: with_.ratio ?? 5,
    };
    const next = step(life, input, with_);
    life = next.life;
    if (next.change !== null) changes.push(next.change);
  }
  const told = changes.map(({ at, state, severity }) => `${(at - START) / HOUR} ${state} ${severity}`);
  return { told, changes, life };
}

describe('the life of an alert', () => {
  it('goes from pending to firing to resolved', () => {
    expect(live([0, 5, 5, 5, 1, 1, 1, 1]).told).toEqual([
      '1 pending warning',
      '2 firing warning',
      '6 resolved warning',
    ]);
  });

  it('counts its revisions and keeps its id', () => {
    const { changes } = live([5, 5, 9, 1, 1, 1]);
    expect(changes.map(({ revision }) => revision)).toEqual([1, 2, 3, 4]);
    expect(new Set(changes.map(({ alertId }) => alertId)).size).toBe(1);
    expect(live([5]).changes[0]?.alertId).toBe(changes[0]?.alertId);
    expect(live([0, 5]).changes[0]?.alertId).not.toBe(changes[0]?.alertId);
  });

  it('resolves a pending alert whose anomaly passes, as one that never fired, without a refractory period', () => {
    const { told } = live([5, 0, 5, 5]);
    expect(told).toEqual(['0 pending warning', '1 resolved warning', '2 pending warning', '3 firing warning']);
  });

  it('stays firing between the two thresholds', () => {
    expect(live([5, 5, 3, 2.5, 3.9, 2, 3]).told).toEqual(['0 pending warning', '1 firing warning']);
  });

  it('never ends while the detector calls it anomalous, however high clear_score is', () => {
    const scores = [4.2, 4.2, 4.2, 4.2, 4.2, 4.2, 4.2, 3, 3, 3];
    expect(live(scores, { ...rules, clearScore: 4.5 }).told).toEqual([
      '0 pending warning',
      '1 firing warning',
      '9 resolved warning',
    ]);
  });

  it('starts the time under the lower threshold anew when the score comes back', () => {
    expect(live([5, 5, 1, 1, 3, 1, 1, 1]).told.at(-1)).toBe('7 resolved warning');
  });

  it('becomes critical once, and never less', () => {
    expect(live([5, 5, 9, 5, 9, 5]).told).toEqual(['0 pending warning', '1 firing warning', '2 firing critical']);
    expect(live([9, 9]).told).toEqual(['0 pending critical', '1 firing critical']);
  });

  it('is critical only where the effect is large as well as improbable', () => {
    expect(live([9, 9], { ...rules, ratio: 2.9 }).told).toEqual(['0 pending warning', '1 firing warning']);
    expect(live([9, 9], { ...rules, ratio: 3 }).told).toEqual(['0 pending critical', '1 firing critical']);
  });

  it('ends by hand, rests as after any other end, and cannot be ended twice', () => {
    const { life } = live([5, 5]);
    const ended = endByHand(life, START + 2 * HOUR);
    expect(ended?.change).toMatchObject({ state: 'resolved', revision: 3 });
    expect(isResting(ended?.life ?? UNBORN, START + 3 * HOUR, rules)).toBe(true);
    expect(endByHand(ended?.life ?? UNBORN, START + 3 * HOUR)).toBeNull();
  });

  it('leaves the series alone for the refractory period, then speaks again', () => {
    const scores = [5, 5, 1, 1, 1, ...Array.from({ length: 26 }, () => 5)];
    expect(live(scores).told).toEqual([
      '0 pending warning',
      '1 firing warning',
      '4 resolved warning',
      '28 pending warning',
      '29 firing warning',
    ]);
  });

  it('rests exactly for the refractory period', () => {
    const { life } = live([5, 5, 1, 1, 1]);
    expect(isResting(life, START + 4 * HOUR + 24 * HOUR - 1, rules)).toBe(true);
    expect(isResting(life, START + 4 * HOUR + 24 * HOUR, rules)).toBe(false);
  });

  it('fires at once where for_buckets is 0, and waits longer where it is more', () => {
    expect(live([5], { ...rules, forBuckets: 0 }).told).toEqual(['0 firing warning']);
    expect(live([5, 5, 5, 5], { ...rules, forBuckets: 3 }).told).toEqual(['0 pending warning', '3 firing warning']);
  });
});
