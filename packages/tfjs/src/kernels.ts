import * as tf from '@tensorflow/tfjs-core';
import { onGraphRun } from './compile/graphs.js';

/** Kernel name to how often the backend ran it. */
export type KernelCounts = Readonly<Record<string, number>>;

/**
 * Starts to count the kernels that the backend in use runs, forward and backward: what was skipped does not appear.
 * A compiled function counts by the ops of its graphs, under TensorFlow's names (`MatMul`), at each replay.
 * Wraps the backend's registered kernels until `stop`, which answers with the counts and leaves the kernels as they were. Stop in the reverse order of starting.
 */
export function countKernels(): { readonly stop: () => KernelCounts } {
  const counts: Record<string, number> = {};
  const configs = tf.getKernelsForBackend(tf.getBackend());
  const originals = configs.map((config) => config.kernelFunc);
  configs.forEach((config, i) => {
    const original = originals[i] as tf.KernelFunc;
    config.kernelFunc = (parameters) => {
      counts[config.kernelName] = (counts[config.kernelName] ?? 0) + 1;
      return original(parameters);
    };
  });
  const forget = onGraphRun((ran) => {
    for (const [op, times] of ran) counts[op] = (counts[op] ?? 0) + times;
  });
  const stop = () => {
    forget();
    configs.forEach((config, i) => {
      config.kernelFunc = originals[i] as tf.KernelFunc;
    });
    return counts;
  };
  return { stop };
}

/** Counts the kernels that the backend in use runs during a synchronous `f`. */
export function kernelCounts(f: () => void): KernelCounts {
  const counter = countKernels();
  let counts: KernelCounts = {};
  try {
    f();
  } finally {
    counts = counter.stop();
  }
  return counts;
}
