import { createTrainer, type Data, during, mergeGates, type Plugin, uniform, weightAveraging } from '@hookline/core';
import { compileStatistics } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { PretrainingBatch } from '../src/pretraining/batch.js';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracleBatches, oracleConfig, oracleData } from './oracle.js';
import { gatesOf } from './replay.js';

/** The first rows and tokens of a batch; masked positions beyond them move to the first token, with weight 0. */
function cut(batch: PretrainingBatch, batchSize: number, sequenceLength: number): PretrainingBatch {
  const { sequenceLength: S, maskedPerRow: P } = batch;
  const rows = <A extends Int32Array>(values: A) =>
    Int32Array.from({ length: batchSize * sequenceLength }, (_, i) => values[Math.floor(i / sequenceLength) * S + (i % sequenceLength)]!);
  const positions = batch.maskedPositions.subarray(0, batchSize * P);
  return {
    batchSize,
    sequenceLength,
    maskedPerRow: P,
    inputIds: rows(batch.inputIds),
    tokenTypeIds: rows(batch.tokenTypeIds),
    attentionMask: rows(batch.attentionMask),
    maskedPositions: positions.map((position) => (position < sequenceLength ? position : 0)),
    maskedIds: batch.maskedIds.subarray(0, batchSize * P),
    maskedWeights: Float32Array.from(positions, (position) => (position < sequenceLength ? 1 : 0)),
    nextSentenceLabels: batch.nextSentenceLabels!.subarray(0, batchSize),
  };
}

const handles = (): number => (tf.backend() as unknown as { getNumOfTFTensors(): number }).getNumOfTFTensors();

interface Sample {
  readonly tensors: number;
  /** Tensors that TensorFlow's own library holds. */
  readonly handles: number;
  readonly graphs: number;
  readonly recorded: number;
  /** Resident memory of the process, bytes. */
  readonly resident: number;
}

it('tensors, graphs and resident memory are flat over 2,000 steps with changing gates, gains, shapes, dropout and evaluation in between', {
  timeout: 600_000,
}, async () => {
  const start = compileStatistics().graphs;
  const [first, second, third] = oracleBatches();
  const data: Data<PretrainingBatch> = oracleData([first!, cut(second!, 4, 24), cut(third!, 2, 32)]);
  const learner = await bertPretraining({
    ...oracleConfig('pre'),
    ...{ hiddenSize: 8, numAttentionHeads: 2, intermediateSize: 16, numHiddenLayers: 2, hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 },
    data: { train: data, evaluation: { held: [first!] } },
    objective: ['mlm', 'nsp'],
    engine: 'native',
  });
  const samples: Sample[] = [];
  const sample: Plugin = {
    name: 'drop-and-count',
    provides: ['gating'],
    onStep: (steps) =>
      steps.pipe(
        during('begin', (step) => {
          const open = (i: number) => uniform(1, 'gates', step.index, i) < 0.6;
          const gain = (i: number) => 1 + uniform(1, 'gains', step.index, i);
          const plans = [0, 1].map((layer) => ({ attention: open(2 * layer), ffn: open(2 * layer + 1), branchGain: gain(layer), blockGain: gain(2 + layer) }));
          return { ...step, gates: mergeGates(step.gates, gatesOf(plans)) };
        }),
        during('end', (step) => {
          const { graphs, recorded } = compileStatistics();
          samples.push({ tensors: tf.memory().numTensors, handles: handles(), graphs, recorded, resident: process.memoryUsage.rss() });
          return step.index % 50 === 25 ? { ...step, evaluate: ['held'] } : step;
        }),
      ),
  };
  await createTrainer({ learner, plugins: [sample, weightAveraging({ decay: 0.9 })], steps: 2000, learningRate: 1e-3 }).run();

  expect(samples).toHaveLength(2000);
  const warm = samples.slice(400);
  const mean = (part: readonly Sample[]): number => part.reduce((sum, { resident }) => sum + resident, 0) / part.length;
  const growth = mean(warm.slice(-400)) - mean(warm.slice(0, 400));
  console.log(`${warm[0]!.graphs - start} graphs; resident memory grew by ${(growth / 1e6).toFixed(1)} MB from steps 400-800 to 1600-2000`);
  for (const what of ['tensors', 'handles', 'graphs', 'recorded'] as const) expect(new Set(warm.map((one) => one[what])).size, what).toBe(1);
  expect(growth).toBeLessThan(24e6);
  learner.dispose();
  expect(compileStatistics().graphs).toBe(start);
});
