import { uniform } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lossSums } from '../src/pretraining/objectives.js';
import { gatedBlock } from './algebra-block.js';
import { oracleBatches, oracleConfig, oracleWeights } from './oracle.js';
import { gatesOf } from './replay.js';

const batch = oracleBatches()[1]!;
const on = { attention: true, ffn: true };

/** Gains that no recorded trajectory has: on blocks and branches together, below 1, beside closed branches. */
const gates = gatesOf([
  { ...on, branchGain: 1.3, blockGain: 1.6 },
  { attention: true, ffn: false, branchGain: 1.5, blockGain: 1.25 },
  { attention: false, ffn: true, branchGain: 0.7, blockGain: 2 },
]);

/** Parameters that are moved together, by a part of their names. */
const groups: readonly RegExp[] = [
  /word_embeddings/,
  /position_embeddings/,
  /token_type_embeddings/,
  /embeddings\.LayerNorm/,
  ...[0, 1, 2].flatMap((n) => [
    new RegExp(`layer\\.${n}\\.attention\\.self`),
    new RegExp(`layer\\.${n}\\.attention\\.output`),
    new RegExp(`layer\\.${n}\\.intermediate`),
    new RegExp(`layer\\.${n}\\.output`),
  ]),
  /final_layer_norm/,
  /pooler/,
  /cls\.predictions/,
  /seq_relationship/,
];

const inner = (a: readonly tf.Tensor[], b: readonly tf.Tensor[]): number => tf.tidy(() => tf.addN(a.map((x, i) => tf.sum(tf.mul(x, b[i]!)))).dataSync()[0]!);

const scaled = (xs: readonly tf.Tensor[], factor: number): tf.Tensor[] => xs.map((x) => tf.mul(x, factor));

/** Noise of the tensors' shapes, zero where `moved` is false. */
const noise = (xs: readonly tf.Tensor[], moved: readonly boolean[]): tf.Tensor[] =>
  xs.map((x, i) =>
    moved[i]
      ? tf.tensor(
          Float32Array.from({ length: x.size }, (_, j) => uniform(i, 'direction', 0, j) - 0.5),
          x.shape,
        )
      : tf.zerosLike(x),
  );

/** The derivative of `f` at `start` in a direction, by a difference of fourth order. */
function slopeByDifference(f: (...xs: tf.Tensor[]) => tf.Tensor, start: readonly tf.Tensor[], direction: readonly tf.Tensor[], h: number): number {
  const at = (t: number): number => tf.tidy(() => f(...start.map((x, i) => tf.add(x, tf.mul(direction[i]!, t)))).dataSync()[0]!);
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

beforeAll(async () => {
  await loadEngine('wasm');
});

describe.each(['pre', 'post'] as const)('gradients of norm %s agree with differences of the loss', (norm) => {
  const config = { ...oracleConfig(norm), numHiddenLayers: 3, hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 };
  const weights = oracleWeights(norm);
  const names = Object.keys(weights).filter((name) => !name.includes('layer.3'));

  /** Loss under dropout with a fixed key, as a function of the parameters. */
  const loss = (...values: tf.Tensor[]): tf.Tensor =>
    tf.tidy(() => {
      const byName = new Map(names.map((name, i) => [name, values[i]!]));
      const parameters = { get: (name: string) => byName.get(name)! };
      const sums = lossSums({ config, parameters }, batch, ['mlm', 'nsp'], gatedBlock(gates, 'train', [5, 6]), { mode: 'train', seed: [7, 8] });
      return tf.add(tf.div(sums['mlm']!, 20), tf.div(sums['nsp']!, 4));
    });

  it('under gains on blocks and branches, with dropout', () => {
    const start = names.map((name) => tf.tensor(weights[name]!.data as Float32Array, [...weights[name]!.shape]));
    const everyParameter = (...xs: tf.Tensor[]) => tf.add(loss(...xs), tf.mul(0, tf.addN(xs.map((x) => tf.sum(x))))); // tf.grads insists on a path to each
    const gradients = tf.grads(everyParameter)(start);
    let judged = 0;
    for (const group of groups) {
      const moved = names.map((name) => group.test(name));
      const own = gradients.map((g, i) => (moved[i] ? g : tf.zerosLike(g)));
      const steepness = Math.sqrt(inner(own, own));
      if (steepness === 0) continue; // of a closed branch, or not in the model
      const random = noise(gradients, moved);
      const direction = scaled(own, 1 / steepness).map((d, i) => tf.add(d, tf.mul(random[i]!, 1 / Math.sqrt(inner(random, random)))));
      const slope = inner(direction, gradients);
      expect(slopeByDifference(loss, start, direction, Math.min(0.02, 0.01 / slope)) / slope, String(group)).toBeCloseTo(1, 2.7); // float32: 1 in 1000
      judged += 1;
    }
    expect(judged).toBe(norm === 'pre' ? 16 : 15);
  }, 300_000);
});
