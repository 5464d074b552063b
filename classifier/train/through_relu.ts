/** Factors of activations (activations.ts) that a ReLU lets through: they become part of the product before it. */
import type { Activations } from './activations.ts';
import type { Weights } from './safetensors.ts';

/**
 * The same model with the factors of each feed-forward block's inner state, which is ReLU of a product, as part of that product: a
 * positive factor passes through ReLU. So they cost nothing when serving.
 */
export function factorsThroughRelu(
  activations: Activations,
  weights: Weights,
): { activations: Activations; weights: Weights } {
  const [less, changed] = [new Map(activations), new Map(weights)];
  const change = (name: string, times: (number: number, row: number, column: number) => number): void => {
    const weight = weights.get(name);
    if (weight === undefined) throw new Error(`The model has no weight named ${name}`);
    const columns = weight.shape[1] ?? 1;
    const data = weight.data.map((number, at) => times(number, Math.floor(at / columns), at % columns));
    changed.set(name, { ...weight, data });
  };
  for (const [outer, activation] of activations) {
    const { factor } = activation;
    if (factor === null || !/layer\.\d+\.output\.dense$/.test(outer)) continue;
    const inner = outer.replace('.output.', '.intermediate.');
    for (const part of ['weight', 'bias'])
      change(`${inner}.${part}`, (number, row) => number * (factor[row] as number));
    change(`${outer}.weight`, (number, _, column) => number / (factor[column] as number));
    less.set(outer, { ...activation, factor: null });
  }
  return { activations: less, weights: changed };
}
