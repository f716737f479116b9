import * as tf from '@tensorflow/tfjs-core';

type Method = (this: tf.Tensor, ...others: tf.Tensor[]) => tf.Tensor;

/** The methods of tensors that tfjs-node's kernels call; they come with `@tensorflow/tfjs`, and tfjs-core alone has none. */
const methods: Readonly<Record<string, Method>> = {
  add(other) {
    return tf.add(this, other as tf.Tensor);
  },
  sub(other) {
    return tf.sub(this, other as tf.Tensor);
  },
  mul(other) {
    return tf.mul(this, other as tf.Tensor);
  },
  toInt() {
    return tf.cast(this, 'int32');
  },
  toFloat() {
    return tf.cast(this, 'float32');
  },
};

/** Gives tensors the methods of these that they lack: argMax of booleans, exp of integers and prelu need them on the native engine. */
export function completeTensor(prototype: object = tf.Tensor.prototype): void {
  for (const [name, method] of Object.entries(methods)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value: method, configurable: true, writable: true });
  }
}
