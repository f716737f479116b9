import * as tf from '@tensorflow/tfjs-core';
import { transposeMatrix } from './transpose.js';

/** What this kernel uses of the wasm backend 4.22. */
interface WasmBackend {
  readonly wasm: {
    cwrap(name: string, result: null, parameters: readonly ('number' | 'array')[]): (...args: unknown[]) => void;
    readonly tfjs: { disposeData(id: number): void };
  };
  readonly dataIdMap: { get(dataId: object): { readonly id: number; readonly memoryOffset: number }; delete(dataId: object): boolean };
  makeOutput(shape: readonly number[], dtype: 'float32', memoryOffset?: number): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
  disposeData(dataId: object): boolean;
}

export const PRODUCT_KERNEL = 'HooklineProduct';

const FLOAT_BYTES = 4;
const RANK = 3;

const shapeBytes = (rows: number, columns: number): Uint8Array => new Uint8Array(Int32Array.of(1, rows, columns).buffer);

/**
 * Products a·b of matrices [n, M, K] · [n, K, N] or their transposes, as `tf.matMul`.
 *
 * The backend's own kernel is fast (XNNPACK) only for one plain product; batches and transposes go through scalar loops, 8 to 16 times slower.
 * So factors are transposed here, and each product of a batch runs by itself on views: tensors registered on a part of the memory of the
 * batch. A view is unregistered without freeing that memory; unregistering also drops what the backend caches by a tensor's id.
 */
export function registerWasmProduct(): void {
  if (tf.getKernel(PRODUCT_KERNEL, 'wasm')) return;
  let multiply: (...args: unknown[]) => void;

  tf.registerKernel({
    kernelName: PRODUCT_KERNEL,
    backendName: 'wasm',
    setupFunc: (backend) => {
      const parameters = ['number', 'array', 'number', 'number', 'array', 'number', 'number', 'number', 'number'] as const;
      multiply = (backend as unknown as WasmBackend).wasm.cwrap('BatchMatMul', null, parameters);
    },
    kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
      const backend = anyBackend as WasmBackend;
      const { transposeA, transposeB } = attrs as unknown as { transposeA: boolean; transposeB: boolean };
      const a = transposeA ? transposed(inputs['a'] as tf.TensorInfo, backend) : (inputs['a'] as tf.TensorInfo);
      const b = transposeB ? transposed(inputs['b'] as tf.TensorInfo, backend) : (inputs['b'] as tf.TensorInfo);
      const [m, k] = a.shape.slice(-2) as [number, number];
      const n = b.shape[b.shape.length - 1] as number;
      const batch = a.shape.slice(0, -2);
      const count = tf.util.sizeFromShape(batch);
      const y = backend.makeOutput([...batch, m, n], 'float32');
      const data = (info: tf.TensorInfo) => backend.dataIdMap.get(info.dataId);
      const aShape = shapeBytes(m, k);
      const bShape = shapeBytes(k, n);
      const run = (x: tf.TensorInfo, z: tf.TensorInfo, out: tf.TensorInfo) => multiply(data(x).id, aShape, RANK, data(z).id, bShape, RANK, 0, 0, data(out).id);
      if (k === 0)
        backend.typedArrayFromHeap(y).fill(0); // a sum of nothing, which the backend's kernel leaves unwritten
      else if (count === 1) run(a, b, y);
      else {
        const factors = [a, b, y].map((info) => ({ offset: data(info).memoryOffset, shape: info.shape.slice(-2) }));
        for (let i = 0; i < count; i++) {
          const views = factors.map(({ offset, shape }) =>
            backend.makeOutput(shape, 'float32', offset + i * (shape[0] as number) * (shape[1] as number) * FLOAT_BYTES),
          );
          run(...(views as [tf.TensorInfo, tf.TensorInfo, tf.TensorInfo]));
          for (const view of views) {
            backend.wasm.tfjs.disposeData(data(view).id);
            backend.dataIdMap.delete(view.dataId);
          }
        }
      }
      if (transposeA) backend.disposeData(a.dataId);
      if (transposeB) backend.disposeData(b.dataId);
      return y;
    },
  });
}

/** A copy with the last two axes swapped, to be disposed of. */
function transposed(x: tf.TensorInfo, backend: WasmBackend): tf.TensorInfo {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const y = backend.makeOutput([...x.shape.slice(0, -2), columns, rows], 'float32');
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(y);
  for (let start = 0; start < to.length; start += rows * columns) transposeMatrix(from, to, start, rows, columns);
  return y;
}
