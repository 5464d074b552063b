/**
 * Draws that can be repeated: each is named by its purpose, so there is no generator's state to keep, and a replay draws the
 * same. Beta by two gammas (Marsaglia & Tsang 2000), which hold for shapes of at least 1, as ours are.
 */
import { stableId } from '../../core/event.ts';

/** Numbers in [0, 1) from the names' hash on (splitmix32). */
export function numbersFor(...names: readonly string[]): () => number {
  let state = Number.parseInt(stableId('draw', ...names).slice(0, 8), 16);
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** One draw of Beta(a, b), for a and b of at least 1. */
export function drawBeta(a: number, b: number, random: () => number): number {
  const [x, y] = [drawGamma(a, random), drawGamma(b, random)];
  return x / (x + y);
}

function drawGamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
