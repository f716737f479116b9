import * as tf from '@tensorflow/tfjs-core';

interface WasmBackend {
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

interface CpuBackend {
  readonly data: { get(id: object): { readonly values: Float32Array } };
}

const views: Readonly<Record<string, (tensor: tf.Tensor) => Float32Array>> = {
  wasm: (tensor) => (tf.backend() as unknown as WasmBackend).typedArrayFromHeap(tensor),
  cpu: (tensor) => (tf.backend() as unknown as CpuBackend).data.get(tensor.dataId).values,
};

/** How to look at tensors without copying them, undefined on engines whose memory JavaScript cannot address. A view ends with the next allocation. */
export const hostView = (): ((tensor: tf.Tensor) => Float32Array) | undefined => views[tf.getBackend()];

/** Sum of squares in float64. Four sums at once, since one would wait for itself at every addition. */
export function squares(x: Float32Array): number {
  const whole = x.length - (x.length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < whole; i += 4) {
    a += (x[i] as number) ** 2;
    b += (x[i + 1] as number) ** 2;
    c += (x[i + 2] as number) ** 2;
    d += (x[i + 3] as number) ** 2;
  }
  for (let i = whole; i < x.length; i++) a += (x[i] as number) ** 2;
  return a + b + (c + d);
}

/** Sum of squares of a tensor; reads the device. */
export function squareSum(x: tf.Tensor): number {
  const view = hostView();
  return view ? squares(view(x)) : tf.tidy(() => tf.sum(tf.square(x)).dataSync()[0] as number);
}

/** Inner product of two tensors of one shape; reads the device. */
export function dotProduct(x: tf.Tensor, y: tf.Tensor): number {
  const view = hostView();
  if (!view) return tf.tidy(() => tf.sum(tf.mul(x, y)).dataSync()[0] as number);
  const a = view(x);
  const b = view(y);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** L2 distance of two tensors of one shape; reads the device. */
export function distanceBetween(x: tf.Tensor, y: tf.Tensor): number {
  const view = hostView();
  if (!view) return Math.sqrt(tf.tidy(() => tf.sum(tf.squaredDifference(x, y)).dataSync()[0] as number));
  const a = view(x);
  const b = view(y);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}
