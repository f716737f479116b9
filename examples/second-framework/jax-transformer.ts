import type { Learner } from '@hookline/core';
import { jit, nn, numpy as np } from '@jax-js/jax';
import { type JaxLearnerOptions, jaxLearner, type Model } from './jax-learner.js';
import { blocksOf, epsilon, heldOut, initial, type Rows, rowsData, type Sizes } from './reversal.js';

const normalized = jit((x: np.Array, weight: np.Array, bias: np.Array): np.Array => {
  const centred = x.ref.sub(x.mean(-1, { keepdims: true }));
  const deviation = np.sqrt(np.square(centred.ref).mean(-1, { keepdims: true }).add(epsilon));
  return centred.div(deviation).mul(weight).add(bias);
});
/** x wᵀ + b */
const affine = jit((x: np.Array, weight: np.Array, bias: np.Array): np.Array => np.matmul(x, weight.transpose()).add(bias));
const embedded = jit((table: np.Array, positions: np.Array, ids: np.Array): np.Array => np.take(table, ids, 0).add(positions));
/** Σ −log p(label), of logits [B, S, V] and labels [B, S]. */
const crossEntropy = jit((logits: np.Array, labels: np.Array): np.Array => {
  const right = nn.oneHot(labels, logits.shape.at(-1)!);
  return nn.logSoftmax(logits, -1).mul(right).sum().neg();
});

/** The residual transformer of `reversal.ts` on jax-js. What lies outside of blocks is compiled function by function. */
export function jaxTransformer(sizes: Sizes, options: Pick<JaxLearnerOptions<Rows>, 'optimizer' | 'compile'> = {}): Learner<Rows, np.Array> {
  const { hidden: H, heads: A, length: S, batch: B } = sizes;
  const blocks = blocksOf(sizes);
  const ints = (numbers: Int32Array) => np.array(numbers, { shape: [B, S] });
  const split = (x: np.Array) => x.reshape([B, S, A, H / A]).transpose([0, 2, 1, 3]); // [B, A, S, D]

  /** Logits [B, S, V]. */
  function forward({ tokens }: Rows, { parameter, block }: Model): np.Array {
    const linear = (x: np.Array, name: string) => affine(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
    const norm = (x: np.Array, name: string) => normalized(x, parameter(`${name}.weight`), parameter(`${name}.bias`));
    const attention = (name: string) => (x: np.Array) => {
      const u = norm(x, `${name}.norm`);
      const q = split(linear(u.ref, `${name}.query`));
      const k = split(linear(u.ref, `${name}.key`));
      const v = split(linear(u, `${name}.value`));
      const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(H / A)); // [B, A, S, S]
      const mixed = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]).reshape([B, S, H]);
      return linear(mixed, `${name}.out`);
    };
    const feedForward = (name: string) => (x: np.Array) =>
      linear(nn.gelu(linear(norm(x, `${name}.norm`), `${name}.in`), { approximate: false }), `${name}.out`);

    let h = embedded(parameter('embedding.token'), parameter('embedding.position'), ints(tokens)); // [B, S, H]
    for (const { name } of blocks)
      h = block(name, h, (x, { branch }) => branch('ffn', branch('attention', x, attention(`${name}.attention`)), feedForward(`${name}.ffn`)));
    return linear(norm(h, 'norm'), 'head');
  }

  return jaxLearner({
    parameters: initial(sizes),
    blocks,
    data: rowsData(sizes),
    objectives: (rows, model) => ({ token: crossEntropy(forward(rows, model), ints(rows.labels)) }),
    evaluationSets: ['dev'],
    evaluate(_, pass) {
      const batches = heldOut(sizes).map((rows) =>
        pass((model) => {
          const logits = forward(rows, model);
          const best = np.argmax(logits.ref, -1).dataSync();
          const right = rows.labels.filter((label, i) => label === best[i]).length;
          return { loss: crossEntropy(logits, ints(rows.labels)).item() / (B * S), accuracy: right / (B * S) };
        }),
      );
      const mean = (of: 'loss' | 'accuracy') => batches.reduce((sum, one) => sum + one[of], 0) / batches.length;
      return { loss: mean('loss'), accuracy: mean('accuracy') };
    },
    ...options,
  });
}
