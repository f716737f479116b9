import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Refuses to work where two copies of tfjs-core are loaded: tensors of one are strangers to the other, and kernels, flags and memory
 * counts mix in ways that fail late. Looks at the backend in use and at a tensor that it makes.
 */
export function checkSingleCopy(backend: unknown = tf.backend(), probe: () => tf.Tensor = () => tf.scalar(0)): void {
  const tensor = probe();
  const own = backend instanceof tf.KernelBackend && tensor.constructor === tf.Tensor;
  tensor.dispose();
  if (!own) {
    throw new HooklineError('HOOKLINE_TFJS_COPIES', `two copies of @tensorflow/tfjs-core are loaded (this one is ${tf.version_core})`, {
      hint: `depend on exactly ${tf.version_core} of each @tensorflow package, reinstall, and check with \`npm ls @tensorflow/tfjs-core\``,
    });
  }
}
