import type { Block, Gates } from '@hookline/core';
import { tensorAlgebra } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';

/** The blocks of a forward pass under these gates, without a trainer. */
export function gatedBlock(gates: Gates, mode: 'train' | 'evaluate' = 'evaluate', seed: readonly [number, number] = [0, 0]): Block<tf.Tensor> {
  const algebra = tensorAlgebra();
  return (name, x, body, ...inputs) => {
    const gate = gates.find((one) => one.name === name)!;
    return gate.active ? algebra.run({ name, gate, recompute: false, seed, mode }, x, body as never, inputs) : x;
  };
}
