/**
 * How far the student's answers are from the teacher's (Hinton et al. 2015, "Distilling the Knowledge in a Neural Network"):
 * the Kullback-Leibler divergence of their probabilities at a temperature, times its square so that gradients keep their
 * size; for a head of several labels the same of each label's yes and no, as a mean over labels. And, where wanted, the squared
 * distance of the pooled states (both models are as wide, having the same base, so no projection has to be learnt).
 */
import type { Scalar, Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Row } from './data.ts';
import type { TrainedHead } from './loss.ts';
import type { Reading } from './model.ts';
import type { DistilRecipe } from './recipe.ts';
import type { Targets } from './targets.ts';
import type { Tensorflow } from './tensorflow.ts';

/** A teacher's answers to some rows: by head [rows, labels], and the pooled states [rows, H]. */
export interface Answers {
  logits: Record<string, Float32Array>;
  pooled: Float32Array;
}

/** A row's labels with the weight that the teacher leaves them. */
export function besideTeacher({ targets, teacherShare }: Row): Targets {
  if (teacherShare === 0) return targets;
  return Object.fromEntries(
    Object.entries(targets).map(([head, target]) => [head, { ...target, weight: target.weight * (1 - teacherShare) }]),
  );
}

/**
 * Mean over rows, each with its share. A head is only compared on rows that can be asked: with an entity for entity_sentiment,
 * without for the rest.
 */
export function distilLoss(
  tf: Tensorflow,
  heads: readonly TrainedHead[],
  student: Reading,
  teacher: Answers,
  rows: readonly Row[],
  { temperature, hidden_weight }: Pick<DistilRecipe, 'temperature' | 'hidden_weight'>,
): Scalar {
  const asksEntity = rows.map(({ targets }) => targets.entity_sentiment !== undefined);
  const shares = (wanted: boolean): Tensor =>
    tf.tensor1d(rows.map(({ teacherShare }, row) => (asksEntity[row] === wanted ? teacherShare : 0)));
  const parts: Tensor[] = [];
  for (const head of heads) {
    const answered = teacher.logits[head.target ?? head.name];
    const own = student.logits[head.name];
    if (answered === undefined || own === undefined) continue;
    const wanted = tf.tensor2d(answered, [rows.length, head.labels.length]);
    const apart = head.kind === 'softmax' ? oneOf(tf, own, wanted, temperature) : anyOf(tf, own, wanted, temperature);
    parts.push(tf.mul(tf.sum(tf.mul(apart, shares(head.name === 'entity_sentiment'))), head.weight * temperature ** 2));
  }
  if (hidden_weight > 0) {
    const wanted = tf.tensor2d(teacher.pooled, student.pooled.shape);
    const distance = tf.mean(tf.squaredDifference(student.pooled, wanted), 1);
    const share = tf.tensor1d(rows.map(({ teacherShare }) => teacherShare));
    parts.push(tf.mul(tf.sum(tf.mul(distance, share)), hidden_weight));
  }
  return tf.div(tf.addN(parts), rows.length);
}

/** [B, K] twice → [B] */
function oneOf(tf: Tensorflow, own: Tensor2D, wanted: Tensor2D, temperature: number): Tensor {
  const truth = tf.logSoftmax(tf.div(wanted, temperature) as Tensor2D);
  const said = tf.logSoftmax(tf.div(own, temperature) as Tensor2D);
  return tf.sum(tf.mul(tf.exp(truth), tf.sub(truth, said)), 1);
}

function anyOf(tf: Tensorflow, own: Tensor2D, wanted: Tensor2D, temperature: number): Tensor {
  const z = tf.div(own, temperature);
  const truth = tf.sigmoid(tf.div(wanted, temperature));
  const cross = tf.sub(tf.softplus(z), tf.mul(z, truth));
  const t = tf.div(wanted, temperature);
  const entropy = tf.sub(tf.softplus(t), tf.mul(t, truth));
  return tf.mean(tf.sub(cross, entropy), 1);
}
