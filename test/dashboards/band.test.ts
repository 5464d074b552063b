/** The band of usual negative shares, on made-up pasts whose answer is known. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usualShares, type Tally, type Usual } from '../../dashboards/band.ts';

const HOUR = 3_600;
const steps = (count: number, documents: number, negative: number): Tally[] =>
  Array.from({ length: count }, () => ({ documents, negative }));
const last = (usual: readonly (Usual | null)[]): Usual => {
  const found = usual.at(-1);
  if (found === null || found === undefined) throw new Error('There is no band.');
  return found;
};
const width = ({ low, high }: Usual): number => high - low;

/** Numbers in [0, 1), the same each time. */
function chances(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

describe('the band of usual negative shares', () => {
  it('lies around the share of the past, and narrower the more documents a step has', () => {
    const many = last(usualShares(steps(300, 100, 20), steps(3, 100, 20), HOUR));
    const few = last(usualShares(steps(300, 100, 20), steps(3, 4, 1), HOUR));
    expect(many.share).toBeCloseTo(0.2, 2);
    expect(many.low).toBeLessThan(0.2);
    expect(many.high).toBeGreaterThan(0.2);
    expect(width(few)).toBeGreaterThan(2 * width(many));
  });

  it('holds about 95 of 100 steps that scatter by chance alone', () => {
    const chance = chances(7);
    const drawn = Array.from({ length: 1_200 }, (): Tally => {
      const documents = 30 + Math.floor(chance() * 40);
      return { documents, negative: Array.from({ length: documents }, chance).filter((one) => one < 0.25).length };
    });
    const [past, shown] = [drawn.slice(0, 400), drawn.slice(400)];
    // One step at a time, so that the share is of the step alone.
    const inside = shown.filter((step, index) => {
      const usual = usualShares([...past, ...shown.slice(0, index)], [step], HOUR)[0];
      const share = step.negative / step.documents;
      return usual !== null && usual !== undefined && share >= usual.low && share <= usual.high;
    });
    expect(inside.length / shown.length).toBeGreaterThan(0.93);
    expect(inside.length / shown.length).toBeLessThan(0.985);
  });

  it('is wider for a series whose steps scatter beyond chance', () => {
    const calm = steps(400, 50, 10);
    const moody = calm.map((step, index) => ({ ...step, negative: index % 2 === 0 ? 2 : 18 }));
    const at = steps(1, 50, 10);
    expect(width(last(usualShares(moody, at, HOUR)))).toBeGreaterThan(1.5 * width(last(usualShares(calm, at, HOUR))));
  });

  it('is hardly moved by one past outbreak, and follows a share that stays', () => {
    const outbreak = [...steps(200, 40, 8), ...steps(8, 120, 110), ...steps(40, 40, 8)];
    expect(last(usualShares(outbreak, steps(1, 40, 8), HOUR)).share).toBeLessThan(0.25);
    const risen = [...steps(200, 40, 8), ...steps(400, 40, 20)];
    expect(last(usualShares(risen, steps(1, 40, 20), HOUR)).share).toBeGreaterThan(0.35);
  });

  it('says nothing where the past or the step has too few documents', () => {
    expect(usualShares(steps(10, 1, 0), steps(1, 10, 1), HOUR)).toEqual([null]);
    expect(usualShares(steps(300, 10, 1), steps(1, 2, 1), HOUR)).toEqual([null]);
    expect(usualShares([], [], HOUR)).toEqual([]);
  });

  it('is not changed by what came after', () => {
    const tally = fc
      .record({ documents: fc.nat(200), part: fc.double({ min: 0, max: 1, noNaN: true }) })
      .map(({ documents, part }) => ({ documents, negative: Math.round(documents * part) }));
    fc.assert(
      fc.property(fc.array(tally, { minLength: 30, maxLength: 120 }), fc.nat(20), (all, cut) => {
        const [past, shown] = [all.slice(0, 10), all.slice(10)];
        const whole = usualShares(past, shown, HOUR);
        // The line weighs two neighbours on either side, so the last two steps before a cut are not whole.
        const kept = shown.length - cut;
        const early = usualShares(past, shown.slice(0, Math.max(0, kept)), HOUR);
        const settled = Math.max(0, kept - 2);
        expect(early.slice(0, settled)).toEqual(whole.slice(0, settled));
        for (const usual of whole) {
          if (usual === null) continue;
          expect(usual.low).toBeLessThanOrEqual(usual.share);
          expect(usual.high).toBeGreaterThanOrEqual(usual.share);
          expect(usual.low).toBeGreaterThanOrEqual(0);
          expect(usual.high).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
