import * as tf from '@tensorflow/tfjs-core';

export type HostArray = Float32Array | Int32Array | Uint8Array;

/** What a host kernel is called with. Views end with the next allocation: allocate outputs first. */
export interface HostCall {
  /** Shape of an input. */
  shape(input: string): readonly number[];
  /** The numbers of an input, in row-major order, not copied. */
  read(input: string): HostArray;
  /** An attribute given to the kernel. */
  attribute(name: string): number;
  /** A new output; it holds arbitrary numbers. */
  output(shape: readonly number[]): tf.TensorInfo;
  /** The float32 numbers of an output, to be filled in. */
  write(output: tf.TensorInfo): Float32Array;
}

/** A kernel in JavaScript that works on the backend's own memory: for what a backend has no kernel of, or a slow one. */
export interface HostKernel {
  readonly name: string;
  readonly run: (call: HostCall) => tf.TensorInfo | tf.TensorInfo[];
}

/** Backends whose memory JavaScript sees. */
export type HostBackend = 'wasm' | 'cpu';

interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): HostArray;
}

interface CpuBackend {
  readonly data: { get(dataId: object): { readonly values: HostArray } };
  makeTensorInfo(shape: readonly number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

type Memory = Pick<HostCall, 'output' | 'write'> & { view(info: tf.TensorInfo): HostArray };

const memories: Readonly<Record<HostBackend, (backend: unknown) => Memory>> = {
  wasm: (backend) => {
    const wasm = backend as WasmBackend;
    return {
      view: (info) => wasm.typedArrayFromHeap(info),
      output: (shape) => wasm.makeOutput(shape, 'float32'),
      write: (info) => wasm.typedArrayFromHeap(info) as Float32Array,
    };
  },
  cpu: (backend) => {
    const cpu = backend as CpuBackend;
    return {
      view: (info) => cpu.data.get(info.dataId).values,
      output: (shape) => cpu.makeTensorInfo(shape, 'float32', new Float32Array(tf.util.sizeFromShape([...shape]))),
      write: (info) => cpu.data.get(info.dataId).values as Float32Array,
    };
  },
};

/** Gives kernels to a backend; those that it has already stay. */
export function registerHostKernels(backendName: HostBackend, kernels: readonly HostKernel[]): void {
  for (const { name, run } of kernels) {
    if (tf.getKernel(name, backendName)) continue;
    tf.registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) => {
        const { view, output, write } = memories[backendName](backend);
        const input = (key: string) => inputs[key] as tf.TensorInfo;
        return run({
          shape: (key) => input(key).shape,
          read: (key) => view(input(key)),
          attribute: (key) => attrs?.[key] as unknown as number,
          output,
          write,
        });
      },
    });
  }
}

/** Whether the backend in use has a kernel of that name. */
export const hasKernel = (name: string): boolean => tf.getKernel(name, tf.getBackend()) !== undefined;

/** Runs a kernel of the backend in use by name, outside any tape. */
export function runKernel(name: string, inputs: Readonly<Record<string, tf.Tensor>>, attributes: Readonly<Record<string, number | number[]>> = {}): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes) as tf.Tensor;
}

/** As `runKernel`, for kernels with several outputs. */
export function runKernels(name: string, inputs: Readonly<Record<string, tf.Tensor>>, attributes: Readonly<Record<string, number>> = {}): readonly tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes) as unknown as readonly tf.Tensor[];
}
