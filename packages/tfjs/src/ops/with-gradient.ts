import * as tf from '@tensorflow/tfjs-core';

/** The value of an op, and its gradient with respect to each input, in the order of the inputs. */
export interface ValueAndGradient<T extends tf.Tensor> {
  readonly value: T;
  /** `dy` has the shape of the value; `saved` are the tensors given to `save`. May leave intermediate tensors behind. */
  readonly gradient: (dy: T, saved: readonly tf.Tensor[]) => readonly tf.Tensor[];
}

/**
 * An op with a gradient of its own: a typed `tf.customGrad` whose gradient is tidied, so that a backward pass holds no intermediate
 * tensors of ops that are done. Tensors that the gradient needs are handed to `save`, inputs included; nothing is kept where no tape runs.
 */
export function withGradient<T extends tf.Tensor>(inputs: readonly tf.Tensor[], op: (save: (...tensors: tf.Tensor[]) => void) => ValueAndGradient<T>): T {
  const custom = tf.customGrad((...args: unknown[]) => {
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const { value, gradient } = op((...tensors) => save(tensors));
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.tidy(() => [...gradient(dy as T, saved)]),
    };
  });
  return custom(...inputs) as T;
}
