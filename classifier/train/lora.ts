/**
 * LoRA (Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models"): beside a product with a weight that stays as
 * it is, a second one through a few numbers, s · (x · Aᵀ) · Bᵀ. A starts as noise and B as zeros, so that the first step
 * starts from the base model. At export the addition is worked into the weight: the served model knows nothing of it and
 * costs nothing more. model.ts computes it wherever the weights have such names.
 */
import { normal } from './random.ts';
import type { Weights } from './safetensors.ts';

/** The products of a layer that an addition can stand beside, and the names of their weights. */
export const LORA_TARGETS = {
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attention_output: 'attention.output.dense',
  intermediate: 'intermediate.dense',
  output: 'output.dense',
} as const;
export type LoraTarget = keyof typeof LORA_TARGETS;

export interface LoraSettings {
  rank: number;
  /** The addition is scaled by alpha / rank, so that the learning rate need not change with the rank. */
  alpha: number;
  targets: readonly LoraTarget[];
}

/** Adds A, B and the scale for the targets of one layer; answers the names of those that are trained. */
export function addLora(weights: Weights, layer: number, settings: LoraSettings, random: () => number): string[] {
  return settings.targets.flatMap((target) => {
    const name = `encoder.layer.${layer}.${LORA_TARGETS[target]}`;
    const [outputs = 0, inputs = 0] = weights.get(`${name}.weight`)?.shape ?? [];
    const { rank, alpha } = settings;
    const a = normal(rank * inputs, 1 / Math.sqrt(inputs), random);
    weights.set(`${name}.lora_a`, { shape: [rank, inputs], data: a });
    weights.set(`${name}.lora_b`, { shape: [outputs, rank], data: new Float32Array(outputs * rank) });
    weights.set(`${name}.lora_scale`, { shape: [], data: Float32Array.of(alpha / rank) });
    return [`${name}.lora_a`, `${name}.lora_b`];
  });
}

/** The same model without additions: W + s · B · A in place of W. */
export function mergeLora(weights: Weights): Weights {
  const merged: Weights = new Map();
  for (const [name, weight] of weights) {
    if (/\.lora_(a|b|scale)$/.test(name)) continue;
    const stem = name.replace(/\.weight$/, '');
    const a = weights.get(`${stem}.lora_a`);
    const b = weights.get(`${stem}.lora_b`);
    if (a === undefined || b === undefined || stem === name) merged.set(name, weight);
    else {
      const scale = weights.get(`${stem}.lora_scale`)?.data[0] ?? 1;
      const data = weight.data.slice();
      const [rank = 0, inputs = 0] = a.shape;
      for (let row = 0; row < data.length / inputs; row += 1) {
        for (let r = 0; r < rank; r += 1) {
          const factor = scale * (b.data[row * rank + r] as number);
          if (factor === 0) continue;
          for (let i = 0; i < inputs; i += 1)
            data[row * inputs + i] = (data[row * inputs + i] as number) + factor * (a.data[r * inputs + i] as number);
        }
      }
      merged.set(name, { shape: weight.shape, data });
    }
  }
  return merged;
}
