import * as tf from '@tensorflow/tfjs-core';

let guarded = false;

/** Lets the wasm backend's Transpose answer where there is nothing to transpose: from four axes on, it divides by their sizes. */
export function guardTranspose(): void {
  if (guarded) return;
  guarded = true;
  const kernel = tf.getKernel(tf.Transpose, 'wasm');
  const transpose = kernel.kernelFunc;
  kernel.kernelFunc = (call) => {
    const x = call.inputs['x'] as tf.TensorInfo;
    if (!x.shape.includes(0)) return transpose(call);
    const axes = call.attrs?.['perm'] as unknown as readonly number[];
    const shape = axes.map((axis) => x.shape[axis] as number);
    const { makeOutput } = call.backend as { makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo };
    return makeOutput.call(call.backend, shape, x.dtype);
  };
}
