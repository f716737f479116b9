import { compile, freeCompiled } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';

/** A residual network for images, in numbers. */
export interface CnnShape {
  readonly batchSize: number;
  /** Rows and columns of an image of three colours. */
  readonly size: number;
  /** Channels of each stage; every stage but the first halves rows and columns. */
  readonly filters: readonly number[];
  /** Residual blocks of two convolutions in each stage. */
  readonly blocksPerStage: number;
  readonly classes: number;
}

export interface CnnBatch {
  readonly images: tf.Tensor; // [B, size, size, 3]
  readonly labels: tf.Tensor; // one-hot [B, classes]
}

export interface ResidualCnn {
  /** One step of training by gradient descent; answers with the loss, read from the device. */
  step(batch: CnnBatch): number;
  /** All weights one after another: those that are trained, then the moving averages. */
  weights(): readonly number[];
  dispose(): void;
}

type Layer = InstanceType<typeof layers.Layer>;
type Part = (x: tf.Tensor) => tf.Tensor;

/**
 * A residual CNN of `tf.layers` (convolutions, batch normalizations, a dense layer), written for stock TensorFlow.js: gradients and optimizer are its own,
 * and nothing in it knows of hookline but that its parts, the stem, each block, and the head, are given to `compile` where asked for.
 */
export function residualCnn({ batchSize, size, filters, blocksPerStage, classes }: CnnShape, { compiled }: { readonly compiled: boolean }): ResidualCnn {
  const all: Layer[] = [];
  let seed = 1;
  const owned = <L extends Layer>(layer: L): L => {
    all.push(layer);
    return layer;
  };
  const initializer = () => initializers.glorotUniform({ seed: seed++ });
  const apply = (layer: Layer, x: tf.Tensor): tf.Tensor => layer.apply(x, { training: true }) as tf.Tensor;

  /** Convolution and normalization. */
  function convolution(channels: number, strides = 1): Part {
    const convolve = owned(layers.conv2d({ filters: channels, kernelSize: 3, strides, padding: 'same', useBias: false, kernelInitializer: initializer() }));
    const normalize = owned(layers.batchNormalization());
    return (x) => apply(normalize, apply(convolve, x));
  }
  function entry(channels: number, strides: number): Part {
    const change = convolution(channels, strides);
    return (x) => tf.relu(change(x));
  }
  function residual(channels: number): Part {
    const [first, second] = [convolution(channels), convolution(channels)];
    return (x) => tf.relu(tf.add(x, second(tf.relu(first(x)))));
  }
  function head(): Part {
    const pool = owned(layers.globalAveragePooling2d({}));
    const dense = owned(layers.dense({ units: classes, kernelInitializer: initializer() }));
    return (x) => apply(dense, apply(pool, x));
  }

  const parts: Part[] = filters.flatMap((channels, stage) => [
    entry(channels, stage === 0 ? 1 : 2),
    ...Array.from({ length: blocksPerStage }, () => residual(channels)),
  ]);
  parts.push(head());
  const tidied = parts.map(
    (part): Part =>
      (x) =>
        tf.tidy(() => part(x)),
  );
  // layers make their weights when first applied, and the moving averages move: those begin anew below
  tf.dispose(tf.tidy(() => tidied.reduce((x, part) => part(x), tf.zeros([batchSize, size, size, 3]) as tf.Tensor)));
  const weights = all.flatMap((layer) => layer.weights);
  for (const weight of weights) {
    const initial = /moving_mean/.test(weight.name) ? tf.zeros : /moving_variance/.test(weight.name) ? tf.ones : undefined;
    if (initial) tf.tidy(() => void weight.write(initial(weight.shape as number[])));
  }
  const run = compiled ? tidied.map((part, i) => compile(part, { name: `part ${i}` })) : tidied;
  const variables = all.flatMap((layer) => layer.trainableWeights).map((weight) => weight.read() as tf.Variable);
  const optimizer = tf.train.sgd(0.05);

  return {
    step({ images, labels }) {
      const forward = (): tf.Scalar =>
        tf.losses.softmaxCrossEntropy(
          labels,
          run.reduce((x, part) => part(x), images),
        ) as tf.Scalar;
      const loss = optimizer.minimize(() => tf.tidy(forward), true, variables) as tf.Scalar;
      const [value] = loss.dataSync();
      loss.dispose();
      return value as number;
    },
    weights: () => weights.flatMap((weight) => [...weight.read().dataSync()]),
    dispose() {
      if (compiled) for (const part of run) freeCompiled(part);
      for (const layer of all) layer.dispose();
      optimizer.dispose();
      optimizer['c'].dispose(); // its learning rate, which it forgets
    },
  };
}
