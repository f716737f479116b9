import * as tf from '@tensorflow/tfjs-core';
import type { TrainingShape } from '../shape.js';

/** Equal matrix products of a step: `count` times [batch, m, k] by [batch, k, n]. */
export interface Product {
  readonly count: number;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** A product forward, and the two that its gradients take. */
const withGradients = (count: number, batch: number, m: number, k: number, n: number): readonly Product[] => [
  { count, batch, m, k, n },
  { count, batch, m, k: n, n: k },
  { count, batch, m: k, k: m, n },
];

/** The matrix products of one training step, forward and backward, with logits of the masked positions only. */
export function stepProducts(shape: TrainingShape): readonly Product[] {
  const { numHiddenLayers: layers, hiddenSize, numAttentionHeads: heads, intermediateSize, vocabSize, sequenceLength, batchSize, maskedPerRow } = shape;
  const tokens = batchSize * sequenceLength;
  const masked = batchSize * maskedPerRow;
  const depth = hiddenSize / heads;
  return [
    ...withGradients(4 * layers, 1, tokens, hiddenSize, hiddenSize),
    ...withGradients(layers, batchSize * heads, sequenceLength, depth, sequenceLength),
    ...withGradients(layers, batchSize * heads, sequenceLength, sequenceLength, depth),
    ...withGradients(layers, 1, tokens, hiddenSize, intermediateSize),
    ...withGradients(layers, 1, tokens, intermediateSize, hiddenSize),
    ...withGradients(1, 1, masked, hiddenSize, hiddenSize),
    ...withGradients(1, 1, masked, hiddenSize, vocabSize),
  ].filter(({ count }) => count > 0);
}

/** Floating-point operations of products: 2·m·k·n each. */
export const productFlops = (products: readonly Product[]): number =>
  products.reduce((sum, { count, batch, m, k, n }) => sum + 2 * count * batch * m * k * n, 0);

/** All products of a step on the engine in use, nothing else: what a step cannot be quicker than. */
export interface ProductRun {
  run(): Promise<void>;
  dispose(): void;
}

export function productRun(products: readonly Product[]): ProductRun {
  const operands = products.map(({ count, batch, m, k, n }) => ({
    count,
    a: tf.randomUniform([batch, m, k], -1, 1, 'float32', 1),
    b: tf.randomUniform([batch, k, n], -1, 1, 'float32', 2),
  }));
  return {
    async run() {
      for (const { count, a, b } of operands) {
        for (let i = 0; i < count; i++) {
          const product = tf.matMul(a, b);
          // the last one is waited for: an engine may work behind the caller's back
          if (i === count - 1) await tf.tidy(() => tf.slice(tf.reshape(product, [-1]), 0, 1)).data();
          product.dispose();
        }
      }
    },
    dispose: () => tf.dispose(operands.flatMap(({ a, b }) => [a, b])),
  };
}
