/**
 * Bottleneck adapters (Houlsby et al. 2019; one after each feed-forward block, as Pfeiffer et al. 2020): h + up(gelu(down(h)))
 * with a narrow middle. All else stays as it is, so a task costs a few hundred kilobytes beside a shared base. Unlike
 * LoRA's they cannot be worked into other weights, because of the GELU between: the exported graph carries them.
 */
import { normal } from './random.ts';
import type { Weights } from './safetensors.ts';

/** Adds the adapter of one layer, which starts as doing nothing (`up` is zero); answers the names of its weights. */
export function addBottleneck(
  weights: Weights,
  layer: number,
  hidden: number,
  width: number,
  random: () => number,
): string[] {
  const name = `encoder.layer.${layer}.adapter`;
  const down = normal(width * hidden, 1 / Math.sqrt(hidden), random);
  weights.set(`${name}.down.weight`, { shape: [width, hidden], data: down });
  weights.set(`${name}.down.bias`, { shape: [width], data: new Float32Array(width) });
  weights.set(`${name}.up.weight`, { shape: [hidden, width], data: new Float32Array(hidden * width) });
  weights.set(`${name}.up.bias`, { shape: [hidden], data: new Float32Array(hidden) });
  return ['down.weight', 'down.bias', 'up.weight', 'up.bias'].map((part) => `${name}.${part}`);
}
