import * as tf from '@tensorflow/tfjs-core';

/** What this package needs to know of a backend whose tensors lie in memory that JavaScript can address. */
interface HostBackend {
  /** wasm: a view of the heap. */
  typedArrayFromHeap?(tensor: tf.TensorInfo): Float32Array;
  makeOutput?(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  /** cpu: the numbers themselves. */
  readonly data?: { get(id: object): { readonly values: Float32Array } };
  makeTensorInfo?(shape: readonly number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

/** How to look at tensors and make new ones in place, for a backend that allows it. */
export interface HostMemory {
  /** The numbers of a tensor, not a copy; valid until the next allocation. */
  view(tensor: tf.TensorInfo): Float32Array;
  /** A tensor whose numbers are still to be written, all of them. */
  allocate(shape: readonly number[]): tf.TensorInfo;
}

/** Memory of the backend in use, undefined where only its own ops can reach it (native, GPU). */
export function hostMemory(from: unknown = tf.backend()): HostMemory | undefined {
  const backend = from as HostBackend;
  if (typeof backend.typedArrayFromHeap === 'function' && typeof backend.makeOutput === 'function') {
    return {
      view: (tensor) => backend.typedArrayFromHeap?.(tensor) as Float32Array,
      allocate: (shape) => backend.makeOutput?.(shape, 'float32') as tf.TensorInfo,
    };
  }
  if (tf.getBackend() === 'cpu' && backend.data && typeof backend.makeTensorInfo === 'function') {
    return {
      view: (tensor) => backend.data?.get(tensor.dataId).values as Float32Array,
      allocate: (shape) => backend.makeTensorInfo?.(shape, 'float32', new Float32Array(tf.util.sizeFromShape([...shape]))) as tf.TensorInfo,
    };
  }
  return undefined;
}

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
  const memory = hostMemory();
  if (memory) return squares(memory.view(x));
  return tf.tidy(() => tf.sum(tf.square(x)).dataSync()[0] as number);
}

/** Inner product of two tensors of one shape; reads the device. */
export function dotProduct(x: tf.Tensor, y: tf.Tensor): number {
  const memory = hostMemory();
  if (!memory) return tf.tidy(() => tf.sum(tf.mul(x, y)).dataSync()[0] as number);
  const a = memory.view(x);
  const b = memory.view(y);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
