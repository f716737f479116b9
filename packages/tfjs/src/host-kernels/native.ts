import * as tf from '@tensorflow/tfjs-core';

/** What is used of tfjs-node's backend 4.22. */
interface NodeBackend {
  executeSingleOutput(op: string, attributes: readonly object[], inputs: readonly tf.Tensor[]): tf.Tensor;
  readonly binding: { readonly TF_FLOAT: number; readonly TF_INT32: number; readonly TF_ATTR_TYPE: number };
}

export const UNIFORM_KERNEL = 'HooklineUniform';

type Run = (call: {
  readonly input: (name: string) => tf.Tensor;
  readonly attribute: <A>(name: string) => A;
  /** Runs an op of TensorFlow; `types` are its type attributes. */
  readonly op: (name: string, types: Readonly<Record<string, 'float32' | 'int32'>>, ...inputs: readonly tf.Tensor[]) => tf.Tensor;
}) => tf.Tensor;

/** Calls `f` with an int32 tensor of a number, or of a list of them, and disposes of it. */
function withIntegers(values: number | readonly number[], f: (tensor: tf.Tensor) => tf.Tensor): tf.Tensor {
  const tensor = typeof values === 'number' ? tf.scalar(values, 'int32') : tf.tensor1d([...values], 'int32');
  const result = f(tensor);
  tensor.dispose();
  return result;
}

/** One op of TensorFlow each, where tfjs-node has no way to it or a slower one. */
const kernels: Readonly<Record<string, Run>> = {
  /** Sums of columns: x [N, H] to [H]. Four times as fast as `Sum` over axis 0. */
  HooklineColumnSum: ({ input, op }) => op('BiasAddGrad', { T: 'float32' }, input('x')),
  /** y[i] = x[rows[i]], without tfjs-node's check of the rows in JavaScript; TensorFlow checks them on a CPU. */
  HooklineGatherRows: ({ input, op }) =>
    withIntegers(0, (axis) => op('GatherV2', { Tparams: 'float32', Tindices: 'int32', Taxis: 'int32' }, input('x'), input('rows'), axis)),
  /** out[v] = Σ values[i] over rows[i] = v. */
  HooklineScatterRows: ({ input, op, attribute }) =>
    withIntegers(attribute<number>('height'), (height) =>
      op('UnsortedSegmentSum', { T: 'float32', Tindices: 'int32', Tnumsegments: 'int32' }, input('values'), input('rows'), height),
    ),
  /** Numbers in [0, 1) by a seed, int32 [2]: the same ones for the same seed. */
  [UNIFORM_KERNEL]: ({ input, op, attribute }) =>
    withIntegers(attribute<number[]>('shape'), (shape) => op('StatelessRandomUniform', { dtype: 'float32', T: 'int32', Tseed: 'int32' }, shape, input('seed'))),
};

/** Gives the native backend, once its package is loaded, these kernels. */
export function completeNative(): void {
  for (const [kernelName, run] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, 'tensorflow')) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
        const backend = anyBackend as NodeBackend;
        const { TF_FLOAT, TF_INT32, TF_ATTR_TYPE } = backend.binding;
        return run({
          input: (name) => inputs[name] as tf.Tensor,
          attribute: <A>(name: string) => attrs?.[name] as unknown as A,
          op(name, types, ...tensors) {
            const attributes = Object.entries(types).map(([key, type]) => ({ name: key, type: TF_ATTR_TYPE, value: type === 'float32' ? TF_FLOAT : TF_INT32 }));
            return backend.executeSingleOutput(name, attributes, tensors);
          },
        });
      },
    });
  }
}
