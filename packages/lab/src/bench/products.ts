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

/** The two products that the gradients of each take. */
const gradientProducts = (forward: readonly Product[]): readonly Product[] =>
  forward.flatMap(({ count, batch, m, k, n }) => [
    { count, batch, m, k: n, n: k },
    { count, batch, m: k, k: m, n },
  ]);

/** The forward products of `layers` blocks. */
function blockForward(
  { hiddenSize, numAttentionHeads: heads, intermediateSize, sequenceLength, batchSize }: TrainingShape,
  layers: number,
): readonly Product[] {
  const tokens = batchSize * sequenceLength;
  const depth = hiddenSize / heads;
  return [
    { count: 4 * layers, batch: 1, m: tokens, k: hiddenSize, n: hiddenSize },
    { count: layers, batch: batchSize * heads, m: sequenceLength, k: depth, n: sequenceLength },
    { count: layers, batch: batchSize * heads, m: sequenceLength, k: sequenceLength, n: depth },
    { count: layers, batch: 1, m: tokens, k: hiddenSize, n: intermediateSize },
    { count: layers, batch: 1, m: tokens, k: intermediateSize, n: hiddenSize },
  ];
}

/** The forward products of the masked-language-model head, for the masked positions only. */
function headForward({ hiddenSize, vocabSize, batchSize, maskedPerRow }: TrainingShape): readonly Product[] {
  const masked = batchSize * maskedPerRow;
  return [
    { count: 1, batch: 1, m: masked, k: hiddenSize, n: hiddenSize },
    { count: 1, batch: 1, m: masked, k: hiddenSize, n: vocabSize },
  ];
}

/** The matrix products of one training step, forward and backward, with logits of the masked positions only. */
export function stepProducts(shape: TrainingShape): readonly Product[] {
  const forward = [...blockForward(shape, shape.numHiddenLayers), ...headForward(shape)].filter(({ count }) => count > 0);
  return [...forward, ...gradientProducts(forward)];
}

/** The products of a part of the model alone: of all its blocks, or of its head. */
export function partProducts(shape: TrainingShape, part: 'blocks' | 'head', pass: 'forward' | 'backward'): readonly Product[] {
  const forward = part === 'blocks' ? blockForward(shape, shape.numHiddenLayers) : headForward(shape);
  return pass === 'forward' ? forward : gradientProducts(forward);
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
          const waited = i === count - 1 ? tf.tidy(() => tf.slice(tf.reshape(product, [-1]), 0, 1)) : undefined;
          await waited?.data();
          waited?.dispose();
          product.dispose();
        }
      }
    },
    dispose: () => tf.dispose(operands.flatMap(({ a, b }) => [a, b])),
  };
}
