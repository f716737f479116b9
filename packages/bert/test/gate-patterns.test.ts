import type { Block, Gates } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encode, type ForwardContext } from '../src/model/bert.js';
import { bertConfig } from '../src/model/config.js';
import { batchTensors } from '../src/pretraining/batch-tensors.js';
import { gatedBlock } from './algebra-block.js';
import { oracleBatches, oracleConfig, oracleWeights } from './oracle.js';
import { type BlockPlan, gatesOf } from './replay.js';

/** Keep probabilities of the paper's convention at theta 0.5, four blocks. */
const keep = [0.875, 0.75, 0.625, 0.5];

/** Every pattern of so many gates with its probability; gate i is open with probability `p(i)`. */
function* patterns(gates: number, p: (i: number) => number): Generator<readonly [open: readonly boolean[], probability: number]> {
  for (let pattern = 0; pattern < 2 ** gates; pattern++) {
    const open = Array.from({ length: gates }, (_, i) => ((pattern >> i) & 1) === 1);
    yield [open, open.reduce((product, one, i) => product * (one ? p(i) : 1 - p(i)), 1)];
  }
}

const whole = (open: boolean, p: number): BlockPlan => ({ attention: open, ffn: open, branchGain: 1, blockGain: 1 / p });
const shared = (open: boolean, p: number): BlockPlan => ({ attention: open, ffn: open, branchGain: 1 / p, blockGain: 1 });
const independent = (attention: boolean, ffn: boolean, p: number): BlockPlan => ({ attention, ffn, branchGain: 1 / p, blockGain: 1 });

beforeAll(async () => {
  await loadEngine('cpu');
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe('the mean over all gate patterns', () => {
  const attentionFactors = [0.5, -0.25, 1, 0.75];
  const ffnFactors = [1, 0.5, -0.5, 0.25];

  /** Four blocks of linear branches, f(x) = a·x and b·x, at x = 1: output and its slope. */
  function linearStack(gates: Gates): readonly [number, number] {
    const block: Block<tf.Tensor> = gatedBlock(gates);
    const f = (x: tf.Tensor) =>
      gates.reduce<tf.Tensor>(
        (h, gate, i) =>
          block(gate.name, h, (input, { branch }) =>
            branch(
              'ffn',
              branch('attention', input, (a) => tf.mul(a, attentionFactors[i]!)),
              (a) => tf.mul(a, ffnFactors[i]!),
            ),
          ),
        tf.mul(x, 1), // a path for the gradient where every block is closed
      );
    const { value, grad } = tf.valueAndGrad(f)(tf.scalar(1));
    return [value.dataSync()[0]!, grad.dataSync()[0]!];
  }

  const mean = (all: Iterable<readonly [readonly boolean[], number]>, plan: (open: readonly boolean[]) => readonly BlockPlan[]): readonly [number, number] => {
    let [y, dy] = [0, 0];
    for (const [open, probability] of all) {
      const [value, slope] = linearStack(gatesOf(plan(open)));
      y += probability * value;
      dy += probability * slope;
    }
    return [y, dy];
  };

  const dense = keep.reduce((product, _, i) => product * (1 + attentionFactors[i]!) * (1 + ffnFactors[i]!), 1);

  it('of linear blocks is the dense output, and the dense gradient, under whole-block scaling', () => {
    const [y, dy] = mean(
      patterns(4, (i) => keep[i]!),
      (open) => open.map((one, i) => whole(one, keep[i]!)),
    );
    expect(y).toBeCloseTo(dense, 5);
    expect(dy).toBeCloseTo(dense, 5);
  });

  it('and under independent branch gates', () => {
    const [y, dy] = mean(
      patterns(8, (i) => keep[i >> 1]!),
      (open) => keep.map((p, i) => independent(open[2 * i]!, open[2 * i + 1]!, p)),
    );
    expect(y).toBeCloseTo(dense, 5);
    expect(dy).toBeCloseTo(dense, 5);
  });

  it('is biased under one gate with 1/p on both branches: the product of the branches counts 1/p times', () => {
    const expected = keep.reduce((product, p, i) => product * (1 + attentionFactors[i]! + ffnFactors[i]! + (attentionFactors[i]! * ffnFactors[i]!) / p), 1);
    const [y] = mean(
      patterns(4, (i) => keep[i]!),
      (open) => open.map((one, i) => shared(one, keep[i]!)),
    );
    expect(y).toBeCloseTo(expected, 5);
    expect(Math.abs(expected - dense)).toBeGreaterThan(0.1);
  });

  it.each(['pre', 'post'] as const)('of one real block under whole-block scaling is its dense output, norm %s', (norm) => {
    const config = bertConfig({ ...oracleConfig(norm), numHiddenLayers: 1 });
    const weights = oracleWeights(norm);
    const parameters = { get: (name: string) => tf.tensor(weights[name]!.data as Float32Array, [...weights[name]!.shape]) };
    const { input } = batchTensors(oracleBatches()[0]!, config);
    const evaluation: ForwardContext = { mode: 'evaluate', seed: [0, 0] };
    const outputOf = (plan: BlockPlan): Float32Array => {
      let output: tf.Tensor | undefined;
      const block = gatedBlock(gatesOf([plan]));
      const tapped: Block<tf.Tensor> = (name, x, body, ...inputs) => {
        output = block(name, x, body, ...inputs);
        return output;
      };
      encode({ config, parameters }, input, tapped, evaluation);
      return output!.dataSync() as Float32Array;
    };
    const p = 0.625;
    const dense = outputOf(whole(true, 1));
    const open = outputOf(whole(true, p));
    const closed = outputOf(whole(false, p));
    const worst = dense.reduce((most, value, i) => Math.max(most, Math.abs(p * open[i]! + (1 - p) * closed[i]! - value)), 0);
    expect(worst).toBeLessThan(1e-5);
  });
});
