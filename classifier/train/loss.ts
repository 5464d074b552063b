/**
 * Cross-entropy that reads a label as "one of the allowed classes, out of the possible ones" (see labels.ts):
 * log Σ_possible eᶻ − log Σ_allowed eᶻ, with label smoothing over the possible classes. With one allowed class and all
 * possible it is the usual softmax cross-entropy.
 */
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { HeadName, Targets } from './labels.ts';
import type { HeadShape } from './model.ts';
import type { Tensorflow } from './tensorflow.ts';

const NEVER = -1e9;

/** Mean over the batch's rows of the sum over heads. */
export function lossOf(
  tf: Tensorflow,
  heads: readonly HeadShape[],
  logits: Record<string, Tensor2D>,
  targets: readonly Targets[],
  smoothing: number,
): Scalar {
  const parts = heads.map(({ name, labels }) => {
    const size = targets.length * labels.length;
    const allowed = new Float32Array(size);
    const possible = new Float32Array(size);
    const spread = new Float32Array(size);
    const weight = new Float32Array(targets.length);
    for (const [row, target] of targets.entries()) {
      const label = target[name as HeadName];
      if (label === undefined) continue;
      weight[row] = label.weight;
      allowed.fill(NEVER, row * labels.length, (row + 1) * labels.length);
      possible.fill(NEVER, row * labels.length, (row + 1) * labels.length);
      for (const index of label.allowed) allowed[row * labels.length + index] = 0;
      for (const index of label.possible) {
        possible[row * labels.length + index] = 0;
        spread[row * labels.length + index] = 1 / label.possible.length;
      }
    }
    const shape: [number, number] = [targets.length, labels.length];
    const z = logits[name] as Tensor2D;
    const total = tf.logSumExp(tf.add(z, tf.tensor2d(possible, shape)), 1);
    const sharp = tf.sub(total, tf.logSumExp(tf.add(z, tf.tensor2d(allowed, shape)), 1));
    const smooth = tf.sub(total, tf.sum(tf.mul(z, tf.tensor2d(spread, shape)), 1));
    const loss: Tensor = tf.add(tf.mul(sharp, 1 - smoothing), tf.mul(smooth, smoothing));
    return tf.sum(tf.mul(loss, tf.tensor1d(weight)));
  });
  return tf.div(tf.addN(parts), targets.length) as Scalar;
}
