import { checkpoints, createTrainer, during, evaluateEvery, linearWarmup, memoryStore, type Plugin, type Tensors } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { oracle, oracleBatches, oracleConfig, oracleData, oracleWeights } from '../../test/oracle.js';
import { bertConfig } from '../model/config.js';
import { bertPretraining } from './bert-pretraining.js';
import { mlmLosses } from './metrics.js';

const batches = oracleBatches();
const frozen: Plugin = { name: 'frozen', provides: ['learning-rate'], onStep: during('begin', (step) => ({ ...step, learningRate: 0 })) };
const small = { ...bertConfig({ ...oracleConfig('pre'), hiddenSize: 16, intermediateSize: 32, numHiddenLayers: 2 }), engine: 'wasm' as const };

describe('bertPretraining', () => {
  it('describes its blocks, sets and recipe', async () => {
    const learner = await bertPretraining({ ...small, data: { train: oracleData(), evaluation: { held: batches } } });
    expect(learner.blocks.map(({ name, norm }) => [name, norm])).toEqual([
      ['encoder.0', 'pre'],
      ['encoder.1', 'pre'],
    ]);
    expect(learner.evaluationSets).toEqual(['held']);
    expect(createTrainer({ learner, steps: 1 }).plan()).toEqual(['linear-warmup', 'clip-gradients']);
    expect(learner.engine.name).toBe('wasm');
    learner.dispose();
  });

  it('learns: the loss of four batches falls by a tenth within 40 steps', async () => {
    const learner = await bertPretraining({ ...small, data: { train: oracleData(), evaluation: { held: batches } } });
    const { metrics } = await createTrainer({ learner, plugins: [linearWarmup({ peak: 2e-2, warmup: 0.1 }), evaluateEvery({ steps: 40 })], steps: 40 }).run();
    expect(metrics['held']!['mlmLoss']!).toBeLessThan(0.9 * Math.log(500));
    learner.dispose();
  });

  it('evaluates over all batches of a set without dropout, and keeps the scores of each', async () => {
    const learner = await bertPretraining({
      ...oracleConfig('pre'),
      hiddenDropoutProb: 0.1,
      attentionProbsDropoutProb: 0.1,
      engine: 'wasm',
      data: { train: oracleData(), evaluation: { held: batches.slice(0, 2), all: batches } },
      objective: ['mlm', 'nsp'],
      weights: oracleWeights('pre'),
    });
    expect(learner.batchScores('held')).toEqual([]);
    const { metrics } = await createTrainer({ learner, plugins: [frozen, evaluateEvery({ steps: 1, sets: ['held'] })], steps: 1 }).run();
    const held = metrics['held']!;
    const { mlm, nsp } = oracle.trajectories['a_dense']!; // its first step has rate 0 too
    const losses = mlmLosses(learner.batchScores('held'));
    expect(losses.length).toBe(2);
    for (const [i, loss] of losses.entries()) expect(loss).toBeCloseTo(mlm[i]!, 5);
    expect(held['mlmLoss']).toBeCloseTo((mlm[0]! + mlm[1]!) / 2, 5);
    expect(held['nspLoss']).toBeCloseTo((nsp[0]! + nsp[1]!) / 2, 5);
    expect(held['mlmAccuracy']! * 40).toBeCloseTo(Math.round(held['mlmAccuracy']! * 40), 6);
    expect(learner.batchScores('all')).toEqual([]);
    expect(held['loss']).toBeCloseTo(held['mlmLoss']! + held['nspLoss']!, 6);
    learner.dispose();
  });

  it('gives padded places of masked positions no weight', async () => {
    const lossOf = async (spare: number) => {
      const learner = await bertPretraining({
        ...oracleConfig('pre'),
        engine: 'wasm',
        data: { train: oracleData(oracleBatches(spare)) },
        weights: oracleWeights('pre'),
      });
      const { last } = await createTrainer({ learner, steps: 1 }).run();
      learner.dispose();
      return last!;
    };
    const padded = await lossOf(3);
    expect(padded.losses['mlm']).toBeCloseTo(oracle.step0.pre.mlm, 5);
    expect(padded.gradientNorm).toBeCloseTo((await lossOf(0)).gradientNorm, 5);
  });

  it('asks for labels where the objective needs them', async () => {
    const { nextSentenceLabels: _, ...unlabelled } = batches[0]!;
    const learner = await bertPretraining({ ...small, data: { train: oracleData([unlabelled]) }, objective: ['mlm', 'nsp'] });
    await expect(createTrainer({ learner, steps: 1 }).run()).rejects.toThrow(/'nsp' needs nextSentenceLabels/);
    learner.dispose();
  });

  it.each([
    ['embeddings', { numHiddenLayers: 0, hiddenDropoutProb: 0.3 }],
    ['attention probabilities', { numHiddenLayers: 1, attentionProbsDropoutProb: 0.3 }],
  ])('draws dropout of %s anew in every step', async (_, rates) => {
    const learner = await bertPretraining({ ...small, ...rates, data: { train: oracleData(batches.slice(0, 1)) } });
    const norms: number[] = [];
    const trainer = createTrainer({ learner, plugins: [frozen], steps: 4 });
    trainer.on('step', (step) => norms.push(step.gradientNorm));
    await trainer.run();
    expect(new Set(norms).size).toBe(4); // one batch, one set of weights
    learner.dispose();
  });

  it('resumes bit for bit, dropout of embeddings and blocks included', async () => {
    const options = { ...small, hiddenDropoutProb: 0.2, attentionProbsDropoutProb: 0.2, data: { train: oracleData() } };
    const store = memoryStore();
    const train = async (resume: boolean, stopAfter: number): Promise<Tensors> => {
      const learner = await bertPretraining(options);
      const trainer = createTrainer({ learner, plugins: [checkpoints({ every: 2 })], store, resume, steps: 5, seed: 3 });
      for await (const step of trainer.events('step')) if (step.index + 1 === stopAfter) break;
      const saved = learner.save();
      learner.dispose();
      return saved;
    };
    await train(false, 3);
    const resumed = await train(true, 5);
    const learner = await bertPretraining(options);
    await createTrainer({ learner, steps: 5, seed: 3 }).run();
    expect(learner.save()).toEqual(resumed);
    learner.dispose();
  });
});
