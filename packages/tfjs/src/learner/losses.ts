import { didYouMean, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy, softTargetCrossEntropy } from '../ops/index.js';

/** A mean over the rows of a batch. */
export type RowMean = (output: tf.Tensor, ys: tf.Tensor) => tf.Tensor;

const rowsOf = (tensor: tf.Tensor): tf.Tensor => tf.reshape(tensor, [-1, tensor.shape.at(-1) as number]);

/** −log softmax(logits) at the label: logits [..., C], labels int32 [...], or shares of the classes, float32 [..., C]. */
const crossEntropy: RowMean = (logits, ys) => {
  const rows = rowsOf(logits); // [N, C]
  const count = rows.shape[0] as number;
  const sum = ys.dtype === 'int32' ? softmaxCrossEntropy(rows, tf.reshape(ys, [-1]), tf.ones([count])) : softTargetCrossEntropy(rows, rowsOf(ys));
  return tf.div(sum, count);
};

/** Losses that have a name, as `tf.losses` calls them: each a mean over all that it compares, without weights. */
const losses = {
  softmaxCrossEntropy: crossEntropy,
  sigmoidCrossEntropy: (logits, ys) => tf.losses.sigmoidCrossEntropy(ys, logits),
  meanSquaredError: (output, ys) => tf.mean(tf.squaredDifference(output, ys)),
} satisfies Record<string, RowMean>;

export type LossName = keyof typeof losses;

/** `did you mean 'x'?`, or what there is, as a sentence with another behind it. */
export const nameHint = (name: string, names: readonly string[], otherwise: string): string =>
  `${didYouMean(name, names).replace(/[^?]$/, '$&.')} ${otherwise}`;

/** @throws HooklineError `HOOKLINE_OPTIONS` for a name that is not known */
export function lossOf(name: string): RowMean {
  if (Object.hasOwn(losses, name)) return losses[name as LossName];
  throw new HooklineError('HOOKLINE_OPTIONS', `there is no loss '${name}'`, {
    hint: nameHint(name, Object.keys(losses), 'Or give a function of output and target'),
  });
}

/** Share of rows whose largest logit is that of their label: logits [N, C], labels int32 [N], or shares of the classes, float32 [N, C]. */
export const accuracy: RowMean = (logits, ys) => tf.mean(tf.cast(tf.equal(tf.argMax(logits, -1), ys.dtype === 'int32' ? ys : tf.argMax(ys, -1)), 'float32'));
