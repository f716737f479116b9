import { type Learner, linearWarmup, type Plugin } from '@hookline/core';
import { accuracy, type Examples, functionLearner, layersLearner } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Digits } from './digits.js';
import { residualCnn } from './residual-cnn.js';
import { initialVisionTransformer, visionTransformer } from './vision-transformer.js';

export interface Data {
  readonly train: Digits;
  readonly test: Digits;
}

export interface ImageModel {
  readonly title: string;
  /** A new learner with weights and orders by a seed; its set `test` answers with `loss` and the share of images that are recognized. */
  readonly learner: (data: Data, seed: number) => Learner<Examples<tf.Tensor, tf.Tensor>, tf.Tensor>;
  /** What that share is called. */
  readonly accuracy: string;
  readonly plugins: () => readonly Plugin<tf.Tensor>[];
}

const batchSize = 64;
const image = { side: 28, classes: 10 };

/** The models of the study by name. */
export const models = {
  'vision-transformer': {
    title: 'Vision transformer: functions, L=6 H=64 A=4, patches of 7 × 7',
    accuracy: 'accuracy',
    plugins: () => [linearWarmup({ peak: 3e-3, warmup: 0.1 })],
    learner({ train, test }, seed) {
      const config = { ...image, patch: 7, width: 64, heads: 4, layers: 6 };
      return functionLearner({
        parameters: initialVisionTransformer(config, seed),
        forward: visionTransformer(config),
        loss: 'softmaxCrossEntropy',
        data: { ...train, batchSize, seed },
        evaluation: { test: { ...test, batchSize: 500 } },
        metrics: { accuracy },
      });
    },
  },
  'residual-cnn': {
    title: 'Residual CNN: tf.layers, 6 pre-activation blocks of two 3 × 3 convolutions, 16 channels, 14 × 14',
    accuracy: 'acc',
    plugins: () => [linearWarmup({ peak: 1e-2, warmup: 0.1 })],
    learner({ train, test }, seed) {
      const labelled = ({ xs, ys }: Digits) => ({ xs, ys: tf.cast(ys, 'float32') }); // as this loss of tf.layers wants them
      return layersLearner(residualCnn({ ...image, filters: 16, blocks: 6 }, seed), {
        loss: 'sparseCategoricalCrossentropy',
        metrics: ['accuracy'],
        optimizer: 'adam',
        data: { ...labelled(train), batchSize, seed },
        evaluation: { test: { ...labelled(test), batchSize: 500 } },
      });
    },
  },
} satisfies Record<string, ImageModel>;
