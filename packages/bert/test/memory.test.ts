import { createTrainer, during, mergeGates, type Plugin, uniform, weightAveraging } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { bertConfig } from '../src/model/config.js';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracleBatches, oracleConfig, oracleData } from './oracle.js';
import { gatesOf } from './replay.js';

describe('live tensors', () => {
  it('are as many after step 500 as after step 10, whatever was dropped, averaged and evaluated in between, and all go with the learner', async () => {
    const data = oracleData();
    await loadEngine('wasm');
    const before = tf.memory().numTensors;
    const config = bertConfig({
      ...oracleConfig('pre'),
      hiddenSize: 8,
      numAttentionHeads: 2,
      intermediateSize: 16,
      numHiddenLayers: 2,
      hiddenDropoutProb: 0.1,
      attentionProbsDropoutProb: 0.1,
    });
    const learner = await bertPretraining({
      ...config,
      data: { train: data, evaluation: { held: oracleBatches().slice(0, 1) } },
      objective: ['mlm', 'nsp'],
      engine: 'wasm',
    });
    const counts: number[] = [];
    const plugin: Plugin = {
      name: 'drop-and-count',
      provides: ['gating'],
      onStep: (steps) =>
        steps.pipe(
          during('begin', (step) => {
            const open = (i: number) => uniform(1, 'gates', step.index, i) < 0.6;
            const plans = [0, 1].map((layer) => ({ attention: open(2 * layer), ffn: open(2 * layer + 1), branchGain: 1.5, blockGain: 1 + layer }));
            return { ...step, gates: mergeGates(step.gates, gatesOf(plans)) };
          }),
          during('end', (step) => {
            counts.push(tf.memory().numTensors);
            return step.index % 100 === 50 ? { ...step, evaluate: ['held'] } : step;
          }),
        ),
    };
    await createTrainer({ learner, plugins: [plugin, weightAveraging({ decay: 0.9 })], steps: 500 }).run();
    expect(counts.length).toBe(500);
    expect(new Set(counts.slice(10)).size).toBe(1);
    learner.dispose();
    expect(tf.memory().numTensors).toBe(before);
  }, 300_000);
});
