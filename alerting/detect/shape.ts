/**
 * How unlike anything before the last rows look: mean Euclidean distance from the last `length` values to their nearest
 * like among the stretches of the last `memory` rows (KNN-CAD: Burnaev & Ishimtsev 2016; discords: Keogh et al. 2005).
 * It notices what no single value shows: a new level, a lost rhythm, a slope. Stretches that overlap are no neighbours
 * (they are alike because they share rows). The search gives a candidate up as soon as it is farther than the third.
 */
export interface Shape {
  /** Distance of the stretch that ends with the value pushed last, or null before two stretches were seen. */
  distance(): number | null;
  push(value: number): void;
}

const NEIGHBOURS = 3;

export function createShape(options: { length: number; memory: number }): Shape {
  const { length, memory } = options;
  const room = memory + length;
  // Written twice, so that every stretch lies in one piece.
  const values = new Float64Array(2 * room);
  const nearest = new Float64Array(NEIGHBOURS);
  let seen = 0;

  return {
    push(value) {
      values[seen % room] = value;
      values[(seen % room) + room] = value;
      seen += 1;
    },
    distance() {
      if (seen <= length) return null;
      nearest.fill(Infinity);
      const end = ((seen - 1) % room) + room;
      const candidates = Math.min(memory - 1, seen - length);
      let farthest = Infinity;
      for (let back = length; back <= candidates; back += 1) {
        const other = end - back;
        let sum = 0;
        for (let offset = 0; offset < length && sum < farthest; offset += 1) {
          const difference = values[end - offset]! - values[other - offset]!;
          sum += difference * difference;
        }
        if (sum >= farthest) continue;
        let place = NEIGHBOURS - 1;
        while (place > 0 && nearest[place - 1]! > sum) {
          nearest[place] = nearest[place - 1]!;
          place -= 1;
        }
        nearest[place] = sum;
        farthest = nearest[NEIGHBOURS - 1]!;
      }
      let total = 0;
      let found = 0;
      for (const square of nearest) {
        if (square === Infinity) continue;
        total += Math.sqrt(square);
        found += 1;
      }
      return found === 0 ? null : total / found;
    },
  };
}
