/**
 * A small pre-training on the native engine, with dropped blocks, dropout, accumulation and averaged weights: node train-on-native.mjs RUN FORM DIE
 *
 * FORM is `compiled` or `plain`; RUN is gone on with where it has checkpoints; DIE is the index of the step after which the process kills itself, or -1.
 */
import { join } from 'node:path';
import { accumulateGradients, checkpoints, createTrainer, during, evaluateEvery, mergeGates, weightAveraging } from '@hookline/core';
import { fileStore } from '@hookline/core/node';
import { setCompiling } from '@hookline/tfjs';
import { bertPretraining } from '../dist/index.js';

const [, , directory, form, die] = process.argv;
setCompiling(form === 'compiled');

const [vocabSize, sequenceLength, batchSize, maskedPerRow] = [1000, 64, 8, 10];
const rows = batchSize * sequenceLength;
/** Numbers in [0, 1), the same for the same place: a linear congruential generator. */
const draws = (seed) => {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
};
const batch = (position) => {
  const draw = draws(position);
  const below = (n) => Math.floor(draw() * n);
  const masked = batchSize * maskedPerRow;
  return {
    batchSize,
    sequenceLength,
    maskedPerRow,
    inputIds: Int32Array.from({ length: rows }, () => Math.floor(vocabSize * draw() ** 4)), // many rows of the table repeat
    tokenTypeIds: Int32Array.from({ length: rows }, () => below(2)),
    attentionMask: Int32Array.from({ length: rows }, (_, i) => (i % sequenceLength < 40 + (Math.floor(i / sequenceLength) % 24) ? 1 : 0)),
    maskedPositions: Int32Array.from({ length: masked }, () => below(40)),
    maskedIds: Int32Array.from({ length: masked }, () => below(vocabSize)),
    maskedWeights: Float32Array.from({ length: masked }, () => (draw() < 0.9 ? 1 : 0)),
    nextSentenceLabels: Int32Array.from({ length: batchSize }, () => below(2)),
  };
};
const counts = ({ maskedWeights }) => ({ mlm: maskedWeights.reduce((a, b) => a + b), nsp: batchSize });

const learner = await bertPretraining({
  ...{ hiddenSize: 128, numHiddenLayers: 3, numAttentionHeads: 2, intermediateSize: 512, vocabSize, maxPositionEmbeddings: sequenceLength, dropout: 0.1 },
  data: { train: { batchesPerEpoch: 8, batch, counts }, evaluation: { held: [batch(1000)] } },
  objective: ['mlm', 'nsp'],
  engine: 'native',
});
const dropping = {
  name: 'dropping',
  provides: ['gating'],
  setup: (run) => ({
    onStep: during('begin', (step) => {
      const plan = step.gates.map((gate, i) => ({ ...gate, active: run.random('drop', step.index, i) < 0.7, gain: 1 + run.random('gain', step.index, i) }));
      return { ...step, gates: mergeGates(step.gates, plan) };
    }),
  }),
};
const trainer = createTrainer({
  learner,
  plugins: [
    dropping,
    accumulateGradients({ microBatches: 2 }),
    weightAveraging({ decay: 0.9 }),
    evaluateEvery({ steps: 3 }),
    checkpoints({ every: 3, keep: 9 }),
  ],
  steps: 9,
  seed: 4,
  store: fileStore(join(directory, 'checkpoints')),
  resume: true,
});
trainer.on('step', ({ index, loss, gradientNorm }) => {
  process.stdout.write(`${index} ${loss} ${gradientNorm}\n`);
  if (index === Number(die)) process.kill(process.pid, 'SIGKILL');
});
await trainer.run();
