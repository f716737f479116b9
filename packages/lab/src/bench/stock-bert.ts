import { type BertConfig, initializeBert, type PretrainingBatch } from '@hookline/bert';
import { withStockMatMul } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';

/** The same BERT as somebody would write it on tfjs alone: the yardstick of `bench step`. */
export interface StockBert {
  /** One step of training; answers with the loss, read from the device. */
  step(batch: PretrainingBatch): Promise<number>;
  dispose(): void;
}

export interface StockOptions {
  /** `whole`: logits for every position, the unmasked ones weighted 0, as most code does. `masked`: for the masked positions only. */
  readonly head: 'whole' | 'masked';
  readonly learningRate: number;
  readonly seed: number;
}

/**
 * PreLN BERT with masked-language-model head on the ops, gradients and `tf.train.adam` of tfjs: no op of ours, no dropout. Weights are
 * [in, out], the layout of tfjs, whose forward products are then the fast ones on wasm. Same initial weights as ours.
 */
export function stockBert(config: BertConfig, { head, learningRate, seed }: StockOptions): StockBert {
  const { hiddenSize, numAttentionHeads: heads, numHiddenLayers, vocabSize, layerNormEps } = config;
  const depth = hiddenSize / heads;
  const variables = new Map<string, tf.Variable>();
  for (const [name, { shape, data }] of Object.entries(initializeBert(config, seed, { heads: { nsp: false } }))) {
    const value = tf.tensor(data as Float32Array, [...shape], 'float32');
    const turned = shape.length === 2 && !name.includes('embeddings') ? tf.transpose(value) : tf.clone(value);
    variables.set(name, tf.variable(turned));
    tf.dispose([value, turned]);
  }
  const get = (name: string): tf.Variable => variables.get(name) as tf.Variable;
  const optimizer = tf.train.adam(learningRate);

  const dense = (name: string, x: tf.Tensor): tf.Tensor => tf.add(tf.matMul(x as tf.Tensor2D, get(`${name}.weight`) as tf.Tensor2D), get(`${name}.bias`));
  const norm = (name: string, x: tf.Tensor): tf.Tensor => {
    const { mean, variance } = tf.moments(x, -1, true);
    const normal = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, layerNormEps)));
    return tf.add(tf.mul(normal, get(`${name}.weight`)), get(`${name}.bias`));
  };
  const gelu = (x: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));

  function forward(batch: PretrainingBatch): tf.Scalar {
    const { batchSize, sequenceLength, maskedPerRow } = batch;
    const split = (x: tf.Tensor) => tf.transpose(tf.reshape(x, [batchSize, sequenceLength, heads, depth]), [0, 2, 1, 3]); // [B, A, S, D]
    const words = tf.gather(get('bert.embeddings.word_embeddings.weight'), tf.tensor1d(batch.inputIds, 'int32')); // [B·S, H]
    const types = tf.gather(get('bert.embeddings.token_type_embeddings.weight'), tf.tensor1d(batch.tokenTypeIds, 'int32'));
    const positions = tf.slice(get('bert.embeddings.position_embeddings.weight') as tf.Tensor2D, [0, 0], [sequenceLength, hiddenSize]);
    const sum = tf.add(tf.reshape(tf.add(words, types), [batchSize, sequenceLength, hiddenSize]), positions);
    let x = norm('bert.embeddings.LayerNorm', tf.reshape(sum, [-1, hiddenSize])); // [B·S, H]
    const mask = tf.reshape(tf.mul(tf.sub(tf.tensor1d(Float32Array.from(batch.attentionMask)), 1), 1e9), [batchSize, 1, 1, sequenceLength]);
    for (let layer = 0; layer < numHiddenLayers; layer++) {
      const prefix = `bert.encoder.layer.${layer}`;
      const input = norm(`${prefix}.attention.output.LayerNorm`, x);
      const [q, k, v] = ['query', 'key', 'value'].map((name) => split(dense(`${prefix}.attention.self.${name}`, input))) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(depth)), mask); // [B, A, S, S]
      const context = tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]), [-1, hiddenSize]);
      x = tf.add(x, dense(`${prefix}.attention.output.dense`, context));
      const inner = gelu(dense(`${prefix}.intermediate.dense`, norm(`${prefix}.output.LayerNorm`, x)));
      x = tf.add(x, dense(`${prefix}.output.dense`, inner));
    }
    x = norm('bert.encoder.final_layer_norm', x);
    const rows = Int32Array.from(batch.maskedPositions, (position, i) => Math.floor(i / maskedPerRow) * sequenceLength + position);
    const labels = new Int32Array(batchSize * sequenceLength);
    const weights = new Float32Array(batchSize * sequenceLength);
    rows.forEach((row, i) => {
      labels[row] = batch.maskedIds[i] as number;
      weights[row] = batch.maskedWeights[i] as number;
    });
    if (head === 'masked') x = tf.gather(x, tf.tensor1d(rows, 'int32'));
    const transformed = norm('cls.predictions.transform.LayerNorm', gelu(dense('cls.predictions.transform.dense', x)));
    const word = get('bert.embeddings.word_embeddings.weight') as tf.Tensor2D;
    const logits = tf.add(tf.matMul(transformed as tf.Tensor2D, word, false, true), get('cls.predictions.bias')); // [N, V]
    const chosen = tf.oneHot(tf.tensor1d(head === 'masked' ? batch.maskedIds : labels, 'int32'), vocabSize);
    return tf.losses.softmaxCrossEntropy(chosen, logits, tf.tensor1d(head === 'masked' ? batch.maskedWeights : weights)) as tf.Scalar;
  }

  return {
    async step(batch) {
      const loss = withStockMatMul(() => optimizer.minimize(() => forward(batch), true, [...variables.values()])) as tf.Scalar;
      const [value] = await loss.data();
      loss.dispose();
      return value as number;
    },
    dispose() {
      tf.dispose([...variables.values()]);
      optimizer.dispose();
    },
  };
}
