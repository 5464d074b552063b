/**
 * Cross-entropy that reads a label as "one of the allowed classes, out of the possible ones" (see targets.ts):
 * log Σ_possible eᶻ − log Σ_allowed eᶻ, with label smoothing over the possible classes. With one allowed class and all
 * possible it is the usual softmax cross-entropy. A multi-label head's allowed classes are its true ones: binary
 * cross-entropy for each label, log(1 + eᶻ) − z·y, as a mean over labels times four, so that its size is like a softmax's.
 */
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { HeadName } from './labels.ts';
import type { HeadShape } from './model.ts';
import type { Targets } from './targets.ts';
import type { Tensorflow } from './tensorflow.ts';

const NEVER = -1e9;
const MULTI_LABEL_SCALE = 4;

/** A head in training, with its share of the loss. A head at the exit learns its target's labels. */
export interface TrainedHead extends HeadShape {
  weight: number;
}

/** Mean over the batch's rows of the weighted sum over heads, and each head's mean over the rows that it learns from. */
export function lossOf(
  tf: Tensorflow,
  heads: readonly TrainedHead[],
  logits: Record<string, Tensor2D>,
  targets: readonly Targets[],
  smoothing: number,
): { total: Scalar; byHead: Record<string, Scalar> } {
  const byHead: Record<string, Scalar> = {};
  const parts: Tensor[] = [];
  for (const head of heads) {
    const own = targets.map((target) => target[(head.target ?? head.name) as HeadName]);
    const labelled = own.filter((label) => label !== undefined).length;
    if (labelled === 0) continue;
    const each = head.kind === 'softmax' ? oneOf : anyOf;
    const sum = each(tf, logits[head.name] as Tensor2D, own, smoothing);
    parts.push(tf.mul(sum, head.weight));
    byHead[head.name] = tf.div(sum, labelled);
  }
  return { total: tf.div(parts.length === 0 ? tf.scalar(0) : tf.addN(parts), targets.length), byHead };
}

type Label = Targets[HeadName];

/** Sum over rows, by softmax. logits [B, K] */
function oneOf(tf: Tensorflow, logits: Tensor2D, labels: readonly Label[], smoothing: number): Scalar {
  const [rows, width] = logits.shape;
  const allowed = new Float32Array(rows * width);
  const possible = new Float32Array(rows * width);
  const spread = new Float32Array(rows * width);
  for (const [row, label] of labels.entries()) {
    if (label === undefined) continue;
    allowed.fill(NEVER, row * width, (row + 1) * width);
    possible.fill(NEVER, row * width, (row + 1) * width);
    for (const index of label.allowed) allowed[row * width + index] = 0;
    for (const index of label.possible) {
      possible[row * width + index] = 0;
      spread[row * width + index] = 1 / label.possible.length;
    }
  }
  const total = tf.logSumExp(tf.add(logits, tf.tensor2d(possible, [rows, width])), 1);
  const sharp = tf.sub(total, tf.logSumExp(tf.add(logits, tf.tensor2d(allowed, [rows, width])), 1));
  const smooth = tf.sub(total, tf.sum(tf.mul(logits, tf.tensor2d(spread, [rows, width])), 1));
  const share = tf.tensor1d(labels.map((label) => label?.smoothing ?? smoothing));
  const loss: Tensor = tf.add(tf.mul(sharp, tf.sub(1, share)), tf.mul(smooth, share));
  return tf.sum(tf.mul(loss, weights(tf, labels)));
}

/** Sum over rows, each label by itself. logits [B, K] */
function anyOf(tf: Tensorflow, logits: Tensor2D, labels: readonly Label[]): Scalar {
  const [rows, width] = logits.shape;
  const truth = new Float32Array(rows * width);
  for (const [row, label] of labels.entries()) for (const index of label?.allowed ?? []) truth[row * width + index] = 1;
  const loss = tf.sub(tf.softplus(logits), tf.mul(logits, tf.tensor2d(truth, [rows, width])));
  return tf.sum(tf.mul(tf.mul(tf.mean(loss, 1), MULTI_LABEL_SCALE), weights(tf, labels)));
}

function weights(tf: Tensorflow, labels: readonly Label[]): Tensor {
  return tf.tensor1d(labels.map((label) => label?.weight ?? 0));
}
