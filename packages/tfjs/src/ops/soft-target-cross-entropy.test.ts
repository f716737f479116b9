import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { softTargetCrossEntropy } from './soft-target-cross-entropy.js';
import { softmaxCrossEntropy } from './softmax-cross-entropy.js';

const reference =
  (targets: readonly (readonly number[])[]) =>
  (logits: Float64Array): Float64Array => {
    const classes = targets[0]!.length;
    const losses = targets.map((row, n) => {
      const z = logits.subarray(n * classes, (n + 1) * classes);
      const most = Math.max(...z);
      const logSumExp = most + Math.log(z.reduce((sum, one) => sum + Math.exp(one - most), 0));
      return row.reduce((sum, share, c) => sum + share * (logSumExp - z[c]!), 0);
    });
    return Float64Array.of(losses.reduce((sum, loss) => sum + loss, 0));
  };

describe.each(testedEngines)('softTargetCrossEntropy on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([
    { name: 'one label a row', targets: [[0, 1, 0], [1, 0, 0]], scale: 2 }, // biome-ignore format: a matrix
    { name: 'smoothed and weighted labels', targets: [[0.05, 1.9, 0.05], [0.35, 0.1, 0.1]], scale: 3 }, // biome-ignore format: a matrix
    { name: 'a row that is left out', targets: [[0, 0], [0, 1], [0.5, 0.5]], scale: 1 }, // biome-ignore format: a matrix
  ])('has the value and the gradient of the definition: $name', ({ targets, scale }) => {
    const given = tf.tensor2d(targets);
    checkOp({
      inputs: [numbers([targets.length, targets[0]!.length], 4, scale)],
      op: (logits) => softTargetCrossEntropy(logits as tf.Tensor, given),
      reference: reference(targets),
      shape: [],
    });
    given.dispose();
  });

  it('is the cross-entropy of labels where a row has one, and stable for large logits', () => {
    const logits = tf.tensor2d([1e5, 0, -1e5, -1e5, 0, 1e5], [2, 3]);
    const targets = tf.tensor2d([0, 1, 0, 0, 0, 1], [2, 3]);
    const [labels, weights] = [tf.tensor1d([1, 2], 'int32'), tf.ones([2])];
    const [soft, hard] = [softTargetCrossEntropy(logits, targets), softmaxCrossEntropy(logits, labels, weights)];
    expect(soft.dataSync()[0]).toBe(1e5);
    expect(hard.dataSync()[0]).toBe(1e5);
    tf.dispose([logits, targets, labels, weights, soft, hard]);
  });
});
