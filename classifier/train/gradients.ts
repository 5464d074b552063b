/**
 * Two functions of the encoder with gradients written by hand. Autodiff would take each through a dozen passes over memory, and
 * on two cores those, not the products, were a third of a training step. Same values, same gradients
 * (test/classifier/train/gradients.test.ts compares them with autodiff's and with finite differences).
 */
import type { Tensor } from '@tensorflow/tfjs';
import type { Tensorflow } from './tensorflow.ts';

type Save = (tensors: Tensor[]) => void;
type Gradients = (dy: Tensor | Tensor[], saved: Tensor[]) => Tensor[];
/** tfjs types the function's arguments as tensors and `save` alike; this says which is which. */
type Differentiable = (...inputs: Tensor[]) => Tensor;

function differentiable(
  tf: Tensorflow,
  compute: (inputs: Tensor[], save: Save) => { value: Tensor; gradFunc: Gradients },
): Differentiable {
  return tf.customGrad((...given) => compute(given.slice(0, -1) as Tensor[], given.at(-1) as unknown as Save));
}

/** The exact GELU, x · Φ(x) (Hendrycks & Gimpel 2016), not the tanh approximation. Its gradient is Φ(x) + x · φ(x). */
export function gelu(tf: Tensorflow, input: Tensor): Tensor {
  return differentiable(tf, ([x], save) => {
    const share = tf.add(tf.mul(tf.erf(tf.mul(x as Tensor, Math.SQRT1_2)), 0.5), 0.5); // Φ(x)
    save([x as Tensor, share]);
    return {
      value: tf.mul(x as Tensor, share),
      gradFunc: (dy, [kept, below]) => {
        const density = tf.exp(tf.mul(tf.square(kept as Tensor), -0.5)); // φ(x) · √(2π)
        const slope = tf.add(tf.mul(tf.mul(density, kept as Tensor), 1 / Math.sqrt(2 * Math.PI)), below as Tensor);
        return [tf.mul(dy as Tensor, slope)];
      },
    };
  })(input);
}

/**
 * Layer norm over the last axis (Ba et al. 2016): n · weight + bias, where n is x less its mean over its standard deviation.
 * x [..., H], weight [H], bias [H].
 */
export function layerNorm(tf: Tensorflow, x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return differentiable(tf, ([input, scale, shift], save) => {
    const centred = tf.sub(input as Tensor, tf.mean(input as Tensor, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon)); // [..., 1]
    const normal = tf.mul(centred, inverse);
    save([normal, inverse, scale as Tensor]);
    return {
      value: tf.add(tf.mul(normal, scale as Tensor), shift as Tensor),
      gradFunc: (dy, [n, r, gamma]) => {
        const outer = (n as Tensor).shape.map((_, axis) => axis).slice(0, -1);
        const along = tf.mul(dy as Tensor, n as Tensor);
        const dn = tf.mul(dy as Tensor, gamma as Tensor);
        const tilt = tf.mean(tf.mul(dn, n as Tensor), -1, true);
        const even = tf.sub(dn, tf.add(tf.mul(n as Tensor, tilt), tf.mean(dn, -1, true)));
        return [tf.mul(even, r as Tensor), tf.sum(along, outer), tf.sum(dy as Tensor, outer)];
      },
    };
  })(x, weight, bias);
}
