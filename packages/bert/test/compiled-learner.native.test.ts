import type { Gates } from '@hookline/core';
import { type CompileStatistics, compileStatistics, kernelCounts, setCompiling } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracleBatches, oracleConfig, oracleData, oracleWeights } from './oracle.js';
import { compose } from './replay.js';

const [batch] = oracleBatches();

afterEach(() => {
  setCompiling(true);
});

const learnerOf = (dropout = 0) =>
  bertPretraining({
    ...oracleConfig('pre'),
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    data: { train: oracleData([batch!]), evaluation: { held: [batch!] } },
    objective: ['mlm', 'nsp'],
    weights: oracleWeights('pre'),
    engine: 'native',
  });
type Learner = Awaited<ReturnType<typeof learnerOf>>;

/** A training step under these gates; answers with losses and gradient norm. */
function step(learner: Learner, gates: Gates, index = 0, recompute = false) {
  const gradients = learner.gradients(
    batch!,
    (name, x, body, ...inputs) => {
      const gate = gates.find((one) => one.name === name)!;
      const place = gates.indexOf(gate);
      return gate.active ? learner.algebra.run({ name, gate, recompute, seed: [index, place], mode: 'train' }, x, body as never, inputs) : x;
    },
    { mlm: 20, nsp: 4 },
    undefined,
    [index, 99],
  );
  const plan = { step: index, learningRate: 1e-3, rateScale: () => 1, gates, dropped: 'skip', counter: 'own', skip: false } as const;
  return learner.update(gradients, plan) as { losses: Record<string, number>; gradientNorm: number };
}

const gatesAt = (gains: readonly number[], active: readonly number[] = [1, 1, 1, 1]) => compose('shared', active, gains);
const recorded = ({ functions }: CompileStatistics) => functions.reduce((sum, one) => sum + one.recorded, 0);

describe('a learner on the native engine', () => {
  it('draws the same dropout compiled and op by op, and another at each step', async () => {
    const losses: number[][] = [];
    for (const on of [true, false]) {
      setCompiling(on);
      const learner = await learnerOf(0.1);
      losses.push([0, 1, 2, 3].map((index) => step(learner, gatesAt([1, 1, 1, 1]), index).losses['mlm']!));
      learner.dispose();
    }
    for (const [i, loss] of losses[0]!.entries()) expect(loss).toBeCloseTo(losses[1]![i]!, 4);
    const [a, b] = await Promise.all(
      [7, 8].map(async (index) => {
        const learner = await learnerOf(0.1);
        const { losses } = step(learner, gatesAt([1, 1, 1, 1]), index);
        learner.dispose();
        return losses['mlm']!;
      }),
    );
    expect(Math.abs(a! - b!)).toBeGreaterThan(1e-4);
  });

  it('records nothing anew for new gains and seeds, and the same numbers as op by op', async () => {
    const learner = await learnerOf(0.1);
    const plain = await learnerOf(0.1);
    step(learner, gatesAt([1, 1, 1, 1]));
    setCompiling(false);
    step(plain, gatesAt([1, 1, 1, 1]));
    const was = recorded(compileStatistics());
    for (let index = 1; index < 6; index++) {
      const gates = gatesAt([1 + 0.1 * index, 1, 1.5, 1 + index], [1, index % 2, 1, 1]);
      setCompiling(true);
      const ours = step(learner, gates, index);
      setCompiling(false);
      const theirs = step(plain, gates, index);
      expect(ours.losses['mlm']).toBeCloseTo(theirs.losses['mlm']!, 4);
      expect(ours.gradientNorm / theirs.gradientNorm).toBeCloseTo(1, 4);
    }
    expect(recorded(compileStatistics())).toBe(was);
    expect(compileStatistics().functions.flatMap((one) => one.recordings.filter(({ refused }) => refused))).toEqual([]);
    learner.dispose();
    plain.dispose();
  });

  it('shares the graphs of equal blocks, skips what is dropped, and frees graphs and tensors', async () => {
    const start = compileStatistics().graphs;
    const learner = await learnerOf();
    const open = gatesAt([1, 1, 1, 1]);
    step(learner, open);
    step(learner, open, 1);
    const graphs = compileStatistics().graphs - start;
    const recordings = 10; // forward and backward of embeddings, block, final LayerNorm and two heads
    const [norms, optimizers] = [3, 9]; // of two unlike branches and the rest; of the branches of four blocks and the rest
    expect(graphs).toBe(recordings + norms + optimizers);
    const products = (gates: Gates) => {
      const counts = kernelCounts(() => void step(learner, gates, 2));
      return (counts['MatMul'] ?? 0) + (counts['BatchMatMulV2'] ?? 0);
    };
    const [all, three, two] = [products(open), products(gatesAt([1, 1, 1, 1], [1, 0, 1, 1])), products(gatesAt([1, 1, 1, 1], [1, 0, 0, 1]))];
    expect(all - three).toBe(three - two);
    expect(all).toBeGreaterThan(three);
    const tensors = tf.memory().numTensors;
    for (let index = 3; index < 23; index++) step(learner, gatesAt([index, 1, 1, 1], [1, 1, index % 2, 1]), index);
    expect(tf.memory().numTensors).toBe(tensors);
    learner.dispose();
    expect(compileStatistics().graphs).toBe(start);
  });

  it('recomputes compiled blocks to the same gradients', async () => {
    const norms: number[] = [];
    for (const recompute of [false, true]) {
      const learner = await learnerOf(0.1);
      for (let index = 0; index < 2; index++) norms.push(step(learner, gatesAt([1, 2, 1, 1]), index, recompute).gradientNorm);
      learner.dispose();
    }
    expect(norms[2]! / norms[0]!).toBeCloseTo(1, 5);
    expect(norms[3]! / norms[1]!).toBeCloseTo(1, 5);
  });

  it('evaluates averaged weights compiled', async () => {
    const learner = await learnerOf();
    learner.weights.copy('ema');
    step(learner, gatesAt([1, 1, 1, 1]));
    const evaluate = async (slot?: string) => {
      const gates = gatesAt([1, 1, 1, 1]);
      const metrics = await learner.evaluate(
        'held',
        (name, x, body, ...inputs) =>
          learner.algebra.run(
            { name, gate: gates.find((one) => one.name === name)!, recompute: false, seed: [0, 0], mode: 'evaluate' },
            x,
            body as never,
            inputs,
          ),
        slot,
      );
      return metrics['loss']!;
    };
    const compiled = [await evaluate('ema'), await evaluate(), await evaluate('ema'), await evaluate()];
    expect(compileStatistics().functions.flatMap((one) => one.recordings.filter(({ refused }) => refused))).toEqual([]);
    setCompiling(false);
    const plain = [await evaluate('ema'), await evaluate()];
    for (const [i, loss] of compiled.entries()) expect(loss).toBeCloseTo(plain[i % 2]!, 5);
    expect(Math.abs(plain[0]! - plain[1]!)).toBeGreaterThan(1e-3);
    learner.dispose();
  });
});
