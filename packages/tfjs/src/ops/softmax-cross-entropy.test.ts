import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

const reference =
  (labels: readonly number[], weights: readonly number[]) =>
  (logits: Float64Array): Float64Array => {
    const classes = logits.length / labels.length;
    const losses = labels.map((label, n) => {
      const row = logits.subarray(n * classes, (n + 1) * classes);
      const most = Math.max(...row);
      return most + Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0)) - (row[label] as number);
    });
    return Float64Array.of(losses.reduce((sum, loss, n) => sum + loss * (weights[n] as number), 0));
  };

describe.each(testedEngines)('softmaxCrossEntropy on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([
    { labels: [0], weights: [1], classes: 1, scale: 1 },
    { labels: [2, 0, 1], weights: [1, 0.5, 0], classes: 3, scale: 2 },
    { labels: [6, 6, 0, 3, 5], weights: [1, 1, 1, 1, 1], classes: 7, scale: 20 },
    { labels: [99, 5], weights: [1, 1], classes: 101, scale: 3 },
  ])('has the value and the gradient of the definition: $labels of $classes', ({ labels, weights, classes, scale }) => {
    const [labelTensor, weightTensor] = [tf.tensor1d(labels, 'int32'), tf.tensor1d(weights)];
    checkOp({
      inputs: [numbers([labels.length, classes], 4, scale)],
      op: (logits) => softmaxCrossEntropy(logits as tf.Tensor, labelTensor, weightTensor),
      reference: reference(labels, weights),
      shape: [],
    });
    tf.dispose([labelTensor, weightTensor]);
  });

  it.each([1e3, 1e5])('is stable for logits of %d', (size) => {
    const logits = tf.tensor2d([size, 0, -size, -size, 0, size], [2, 3]);
    const [labels, weights] = [tf.tensor1d([1, 2], 'int32'), tf.tensor1d([1, 1])];
    const { value, grad } = tf.valueAndGrad((z) => softmaxCrossEntropy(z as tf.Tensor, labels, weights))(logits);
    expect(value.dataSync()[0]).toBe(size); // the first row's loss is `size`, the second's 0
    expect(Array.from(grad.dataSync())).toEqual([1, -1, 0, 0, 0, 0]);
    tf.dispose([logits, labels, weights, value, grad]);
  });
});
