import * as tf from '@tensorflow/tfjs-core';

/** A kernel that ran. */
export interface KernelCall {
  readonly name: string;
  readonly inputs: readonly tf.Tensor[];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly outputs: readonly tf.Tensor[];
}

type RunKernel = (name: string, inputs: tf.NamedTensorMap, attributes?: Readonly<Record<string, unknown>>) => tf.Tensor | tf.Tensor[];

const tensorsIn = (value: unknown): tf.Tensor[] => {
  if (value instanceof tf.Tensor) return [value];
  return Array.isArray(value) ? value.flatMap(tensorsIn) : [];
};

/** Calls `f` and tells every kernel that it runs, those inside ops with a gradient of their own included, with the tensors themselves. */
export function watchKernels<R>(tell: (call: KernelCall) => void, f: () => R): R {
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const { runKernel } = engine;
  engine.runKernel = (name, inputs, attributes) => {
    const answer = runKernel.call(engine, name, inputs, attributes);
    tell({ name, inputs: Object.values(inputs).flatMap(tensorsIn), attributes: attributes ?? {}, outputs: tensorsIn(answer) });
    return answer;
  };
  try {
    return f();
  } finally {
    engine.runKernel = runKernel;
  }
}

const product = /MatMul|Product/;
const convolution = /^(Fused)?Conv2D$/;
const depthwise = /^(Fused)?DepthwiseConv2[dD]/;

/**
 * About how many multiplications and additions a kernel takes: 2·K for each number of a product over K, or of a convolution over a window of K numbers; one
 * for each number of what any other kernel answers.
 */
export function operationsOf({ name, inputs: [a, b], attributes, outputs }: KernelCall): number {
  const answered = outputs.reduce((sum, output) => sum + output.size, 0);
  if (product.test(name)) return 2 * answered * (a?.shape.at(attributes['transposeA'] ? -2 : -1) ?? 1);
  const [height = 1, width = 1, channels = 1] = b?.shape ?? [];
  if (convolution.test(name)) return 2 * answered * height * width * channels;
  if (depthwise.test(name)) return 2 * answered * height * width;
  return answered;
}
