/**
 * Products of matrices in bfloat16, as mixed-precision training has them (Kalamkar et al. 2019): the operands are rounded to
 * eight bits of mantissa, sums are kept in float32 inside the product, weights and their update stay float32. On a processor
 * with AVX512-BF16 or AMX a product takes about half the time; without, TensorFlow computes the same more slowly.
 *
 * tfjs knows no bfloat16 tensor, but TensorFlow's own operators do, and the addon hands them on: this puts another kernel
 * in the place of the addon's BatchMatMul, so that the model's code and its gradients, which are products too, stay as they are.
 */
import type { KernelConfig, NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import type { Tensorflow } from './tensorflow.ts';

/** TF_DataType of tensorflow/core/framework/types.proto. */
const FLOAT = 1;
const BFLOAT16 = 14;
/** Products with fewer multiplications are over before the roundings are. */
const LEAST = 1 << 22;
const KERNEL = 'BatchMatMul';
const BACKEND = 'tensorflow';

type Attribute = { name: string; type: number; value: number | boolean };

/** What of the addon's backend is used; its types are not exported. */
interface Native {
  binding: {
    TF_ATTR_TYPE: number;
    TF_ATTR_BOOL: number;
    executeOp: (name: string, attributes: Attribute[], inputs: number[], outputs: number) => { id: number }[];
    deleteTensor: (id: number) => void;
  };
  getInputTensorIds: (tensors: TensorInfo[]) => number[];
  createOutputTensor: (metadata: { id: number }) => TensorInfo;
}

/** From now on, in this process, large products of two matrices are computed in bfloat16. Returns what undoes it. */
export function useBfloat16(tf: Tensorflow): () => void {
  const usual = tf.getKernel(KERNEL, BACKEND);
  if (usual === undefined || usual === null)
    throw new Error(`bfloat16 needs the native TensorFlow, not ${tf.getBackend()}`);
  const replace = (kernel: KernelConfig): void => {
    tf.unregisterKernel(KERNEL, BACKEND);
    tf.registerKernel(kernel);
  };
  replace({
    ...usual,
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
      if (a.shape.length !== 2 || b.shape.length !== 2 || a.dtype !== 'float32') return usual.kernelFunc(call);
      const isLarge = size(a) * (size(b) / Math.max(1, innerOf(a, call.attrs))) >= LEAST;
      return isLarge ? product(call.backend as Native, a, b, call.attrs) : usual.kernelFunc(call);
    },
  });
  return () => replace(usual);
}

const size = ({ shape }: TensorInfo): number => shape.reduce((product, width) => product * width, 1);
const innerOf = ({ shape }: TensorInfo, attributes: NamedAttrMap | undefined): number =>
  shape[attributes?.['transposeA'] === true ? 0 : 1] ?? 1;

function product(native: Native, a: TensorInfo, b: TensorInfo, attributes: NamedAttrMap | undefined): TensorInfo {
  const { binding } = native;
  const type = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_TYPE, value });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const run = (name: string, attrs: Attribute[], inputs: number[]): { id: number } => {
    const [output] = binding.executeOp(name, attrs, inputs, 1);
    if (output === undefined) throw new Error(`TensorFlow gave no output of ${name}`);
    return output;
  };
  const cast = (id: number, from: number, to: number): { id: number } =>
    run('Cast', [type('SrcT', from), type('DstT', to), flag('Truncate', false)], [id]);
  const halves = native.getInputTensorIds([a, b]).map((id) => cast(id, FLOAT, BFLOAT16).id);
  const turned = [
    flag('transpose_a', attributes?.['transposeA'] === true),
    flag('transpose_b', attributes?.['transposeB'] === true),
  ];
  const half = run('MatMul', [...turned, type('T', BFLOAT16)], halves);
  const whole = cast(half.id, BFLOAT16, FLOAT);
  for (const id of [...halves, half.id]) binding.deleteTensor(id);
  return native.createOutputTensor(whole);
}
