/**
 * A narrower feed-forward block: the units that vary least in what they add are left out, and their mean goes into the bias, so
 * that a student starts near the model that it was cut from (structured pruning; after Molchanov et al. 2017, whose
 * criterion needs a pass over data). What a unit does is taken from the weights alone: behind a layer norm its input is
 * about normal, with a mean and a spread that follow from the norm's scale and bias.
 */
import { TidewatchError } from '../../core/errors.ts';
import type { Weights } from './safetensors.ts';

/** Mean and variance of a unit's output. */
interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Cuts the feed-forward block of `layer` to `width` units, in place. @throws TidewatchError config.invalid where it has fewer */
export function narrow(weights: Weights, layer: number, width: number): void {
  const at = (name: string): Float32Array => {
    const found = weights.get(`encoder.layer.${layer}.${name}`);
    if (found === undefined) throw new TidewatchError('internal', `encoder.layer.${layer}.${name} is not there`);
    return found.data;
  };
  const bias = at('intermediate.dense.bias');
  const inner = at('intermediate.dense.weight'); // [I, H]
  const outer = at('output.dense.weight'); // [H, I]
  const added = at('output.dense.bias');
  const [units, hidden] = [bias.length, added.length];
  if (width === units) return;
  if (width > units) throw new TidewatchError('config.invalid', `feed_forward: layer ${layer} has only ${units} units`);
  const norm = { scale: at('attention.output.LayerNorm.weight'), bias: at('attention.output.LayerNorm.bias') };
  const moments = Array.from(bias, (own, unit) =>
    momentsOf(inner.subarray(unit * hidden, (unit + 1) * hidden), own, norm),
  );
  const effect = moments.map(({ variance }, unit) => {
    let squares = 0;
    for (let row = 0; row < hidden; row += 1) squares += (outer[row * units + unit] ?? 0) ** 2;
    return variance * squares;
  });
  const ranked = [...effect.keys()].toSorted((a, b) => (effect[b] ?? 0) - (effect[a] ?? 0));
  const kept = ranked.slice(0, width).toSorted((a, b) => a - b);

  const newBias = added.slice();
  for (const unit of ranked.slice(width))
    for (let row = 0; row < hidden; row += 1)
      newBias[row] = (newBias[row] ?? 0) + (moments[unit]?.mean ?? 0) * (outer[row * units + unit] ?? 0);
  const set = (name: string, shape: number[], data: Float32Array): void =>
    void weights.set(`encoder.layer.${layer}.${name}`, { shape, data });
  set(
    'intermediate.dense.bias',
    [width],
    Float32Array.from(kept, (unit) => bias[unit] ?? 0),
  );
  set(
    'intermediate.dense.weight',
    [width, hidden],
    Float32Array.from({ length: width * hidden }, (_, place) => {
      const unit = kept[Math.floor(place / hidden)] ?? 0;
      return inner[unit * hidden + (place % hidden)] ?? 0;
    }),
  );
  set(
    'output.dense.weight',
    [hidden, width],
    Float32Array.from({ length: hidden * width }, (_, place) => {
      const row = Math.floor(place / width);
      return outer[row * units + (kept[place % width] ?? 0)] ?? 0;
    }),
  );
  set('output.dense.bias', [hidden], newBias);
}

/** Of GELU(w·x + b) where x is a layer norm's output: its scale times a standard normal, plus its bias. */
function momentsOf(row: Float32Array, own: number, norm: { scale: Float32Array; bias: Float32Array }): Moments {
  let mean = own;
  let variance = 0;
  for (const [place, weight] of row.entries()) {
    mean += weight * (norm.bias[place] ?? 0);
    variance += (weight * (norm.scale[place] ?? 0)) ** 2;
  }
  const spread = Math.sqrt(variance);
  let [total, first, second] = [0, 0, 0];
  for (let step = -32; step <= 32; step += 1) {
    const deviation = step / 8;
    const share = Math.exp((-deviation * deviation) / 2);
    const out = gelu(mean + spread * deviation);
    total += share;
    first += share * out;
    second += share * out * out;
  }
  return { mean: first / total, variance: second / total - (first / total) ** 2 };
}

/** By the usual approximation with tanh (Hendrycks and Gimpel 2016), which is within 0.0005 of the exact one. */
function gelu(x: number): number {
  return (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}
