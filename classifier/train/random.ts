/**
 * Randomness that a resumed run can repeat: every draw comes from a generator named by its purpose and position (seed,
 * epoch, step), so a checkpoint has no generator state to store. Rejected: one long stream, which a crash loses.
 */

/** xorshift128 (Marsaglia 2003), seeded through splitmix32 so that neighbouring seeds differ; numbers in [0, 1). */
export function generator(...seeds: number[]): () => number {
  let mix = 0x9e3779b9;
  const next = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    let t = mix ^ (mix >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  for (const seed of seeds) {
    mix ^= seed | 0;
    mix = next();
  }
  let [a, b, c, d] = [next() | 1, next(), next(), next()];
  return () => {
    let t = d;
    const s = a;
    d = c;
    c = b;
    b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    a = t ^ s ^ (s >>> 19);
    return (a >>> 0) / 4294967296;
  };
}

/** Fisher-Yates, in place. */
export function shuffle<T>(items: T[], random: () => number): T[] {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
  return items;
}

/** Values of a normal distribution (Box-Muller). */
export function normal(size: number, deviation: number, random: () => number): Float32Array {
  return Float32Array.from(
    { length: size },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

/**
 * An inverted-dropout mask: 0 with probability `rate`, to the nearest 256th, else 1 over what is kept. Within a mask a plain
 * xorshift32 runs from one draw, and each of its numbers serves four values, a byte each: masks were a tenth of a step's time.
 */
export function dropoutMask(size: number, rate: number, random: () => number): Float32Array {
  const mask = new Float32Array(size);
  const dropped = Math.round(rate * 256);
  const kept = 256 / (256 - dropped);
  let state = (random() * 4294967296) | 1;
  for (let i = 0; i < size; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    mask[i] = (state & 255) < dropped ? 0 : kept;
    mask[i + 1] = ((state >>> 8) & 255) < dropped ? 0 : kept;
    mask[i + 2] = ((state >>> 16) & 255) < dropped ? 0 : kept;
    mask[i + 3] = state >>> 24 < dropped ? 0 : kept;
  }
  return mask;
}
