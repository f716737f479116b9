import type { Block, Learner } from '@hookline/core';
import { attention, createParameters, embedding, gelu, layerNorm, linear, type OptimizerOptions, softmaxCrossEntropy, tensorLearner } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { blocksOf, epsilon, heldOut, initial, type Rows, rowsData, type Sizes } from './reversal.js';

/** The same transformer on TensorFlow.js. */
export function tfjsTransformer(sizes: Sizes, optimizer: OptimizerOptions): Learner<Rows, tf.Tensor> {
  const { heads, length: S, batch: B, vocabulary: V } = sizes;
  const parameters = createParameters(initial(sizes));
  const blocks = blocksOf(sizes);
  const p = parameters.get;
  const dense = (x: tf.Tensor, name: string) => linear(x, p(`${name}.weight`), p(`${name}.bias`));
  const norm = (x: tf.Tensor, name: string) => layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), epsilon);

  const attend = (block: string) => (x: tf.Tensor) => {
    const u = norm(x, `${block}.attention.norm`);
    const [q, k, v] = ['query', 'key', 'value'].map((name) => dense(u, `${block}.attention.${name}`)) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return dense(attention(q, k, v, { heads }), `${block}.attention.out`);
  };
  const feedForward = (block: string) => (x: tf.Tensor) => dense(gelu(dense(norm(x, `${block}.ffn.norm`), `${block}.ffn.in`)), `${block}.ffn.out`);

  function logits({ tokens }: Rows, block: Block<tf.Tensor>): tf.Tensor {
    const ids = tf.tensor2d(tokens, [B, S], 'int32');
    let h: tf.Tensor = tf.add(embedding(p('embedding.token'), ids), p('embedding.position'));
    for (const { name } of blocks) h = block(name, h, (x, { branch }) => branch('ffn', branch('attention', x, attend(name)), feedForward(name)));
    return tf.reshape(dense(norm(h, 'norm'), 'head'), [B * S, V]);
  }
  const crossEntropy = (z: tf.Tensor, { labels }: Rows) => softmaxCrossEntropy(z, tf.tensor1d(labels, 'int32'), tf.ones([B * S]));

  return tensorLearner<Rows>({
    parameters,
    blocks,
    data: rowsData(sizes),
    objectives: (rows, block) => ({ token: crossEntropy(logits(rows, block), rows) }),
    evaluationSets: ['dev'],
    evaluate(_, block) {
      const sets = heldOut(sizes).map((rows) =>
        tf.tidy(() => {
          const z = logits(rows, block);
          const best = tf.argMax(z, -1).dataSync();
          return { loss: crossEntropy(z, rows).dataSync()[0]! / (B * S), right: rows.labels.filter((label, i) => label === best[i]).length / (B * S) };
        }),
      );
      const mean = (of: 'loss' | 'right') => sets.reduce((sum, one) => sum + one[of], 0) / sets.length;
      return { loss: mean('loss'), accuracy: mean('right') };
    },
    optimizer,
  });
}
