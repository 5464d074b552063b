/**
 * AdamW (Loshchilov & Hutter 2019) as arithmetic on arrays: decay is applied to the weight, not through the gradient.
 * On arrays rather than tensors because then a step is one loop (tfjs would run ten kernels a weight), its state is
 * plain bytes that a checkpoint can hold exactly, and it can be checked by hand. Rejected: tf.train.adam, which has no
 * decoupled decay and hides its moments.
 */

export interface AdamWSettings {
  beta1: number;
  beta2: number;
  epsilon: number;
}

export const ADAMW: AdamWSettings = { beta1: 0.9, beta2: 0.98, epsilon: 1e-6 };

export interface Moments {
  first: Float32Array;
  second: Float32Array;
}

export function emptyMoments(size: number): Moments {
  return { first: new Float32Array(size), second: new Float32Array(size) };
}

/** One step in place. `step` counts from 1; `scale` multiplies the gradient first (clipping). */
export function adamWStep(
  weight: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  options: { step: number; learningRate: number; decay: number; scale?: number },
  settings: AdamWSettings = ADAMW,
): void {
  const { beta1, beta2, epsilon } = settings;
  const { first, second } = moments;
  const scale = options.scale ?? 1;
  const rate = options.learningRate / (1 - beta1 ** options.step);
  const secondCorrection = 1 / (1 - beta2 ** options.step);
  const keep = 1 - options.learningRate * options.decay;
  for (let i = 0; i < weight.length; i += 1) {
    const g = (gradient[i] as number) * scale;
    const m = beta1 * (first[i] as number) + (1 - beta1) * g;
    const v = beta2 * (second[i] as number) + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    weight[i] = (weight[i] as number) * keep - (rate * m) / (Math.sqrt(v * secondCorrection) + epsilon);
  }
}

/** The factor that brings the joint norm of all gradients down to `limit`; 1 when it is already there. */
export function clipScale(gradients: Iterable<Float32Array>, limit: number): number {
  let sum = 0;
  for (const gradient of gradients) for (let i = 0; i < gradient.length; i += 1) sum += (gradient[i] as number) ** 2;
  const norm = Math.sqrt(sum);
  return norm > limit ? limit / norm : 1;
}

/** Linear warm-up, then half a cosine down to `floor` of the peak. `progress` runs from 0 to 1. */
export function cosineRate(progress: number, warmup: number, floor = 0.02): number {
  if (progress < warmup) return Math.max(progress / warmup, 0.01);
  const through = Math.min((progress - warmup) / (1 - warmup), 1);
  return floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * through));
}

/** Layer norms and biases are not decayed, as usual for transformers. */
export function decayOf(name: string, decay: number): number {
  return name.endsWith('.bias') || name.includes('LayerNorm') ? 0 : decay;
}
