import * as tf from '@tensorflow/tfjs-core';

let installed = false;

/**
 * Replaces the wasm backend's Identity, which copies, by one that shares the memory as every other backend's does: tensors are immutable and
 * the backend counts references. Tapes clone what they keep, so this halves the memory that a forward pass keeps.
 */
export function shareIdentities(): void {
  if (installed) return;
  installed = true;
  tf.unregisterKernel(tf.Identity, 'wasm');
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend }) => {
      const x = inputs['x'] as tf.TensorInfo;
      (backend as tf.KernelBackend).incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    },
  });
}
