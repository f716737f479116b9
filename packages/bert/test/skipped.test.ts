import { createTrainer, during, type Gates, mergeGates, type Plugin } from '@hookline/core';
import { countKernels, type KernelCounts } from '@hookline/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { bertConfig } from '../src/model/config.js';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracleBatches, oracleConfig, oracleData } from './oracle.js';
import { gatesOf } from './replay.js';

const batches = oracleBatches();

/** Kernels that ran, by part of a step, and in an evaluation under the same gates: the forward pass alone. */
interface Parts {
  readonly forward: KernelCounts;
  readonly gradients: KernelCounts;
  readonly optimizer: KernelCounts;
}

async function partsOf(norm: 'pre' | 'post', gates: Gates): Promise<Parts> {
  const config = bertConfig({
    ...oracleConfig(norm),
    hiddenSize: 16,
    intermediateSize: 32,
    numHiddenLayers: gates.length,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
  });
  const learner = await bertPretraining({
    ...config,
    data: { train: oracleData(batches), evaluation: { held: [batches[1]!] } },
    objective: ['mlm', 'nsp'],
    engine: 'wasm',
  });
  const parts: Partial<Record<keyof Parts, KernelCounts>> = {};
  let counter = countKernels();
  const gated: Plugin = {
    name: 'gated',
    provides: learner.blocks.length > 0 ? ['gating', 'clipping'] : ['clipping'], // where there is no block, a plugin that plans gates is refused
    setup: () => {
      const begin = during('begin', (step) => {
        counter.stop();
        counter = countKernels();
        return { ...step, gates: mergeGates(step.gates, gates) };
      });
      const ready = during('gradients', (step) => {
        parts.gradients = counter.stop();
        counter = countKernels();
        return step;
      });
      const end = during('end', (step) => {
        parts.optimizer = counter.stop();
        return { ...step, evaluate: ['held'] };
      });
      const evalBegin = during('evalBegin', (evaluation) => {
        counter = countKernels();
        return { ...evaluation, gates: mergeGates(evaluation.gates, gates) };
      });
      const evalEnd = during('evalEnd', (evaluation) => {
        parts.forward = counter.stop();
        return evaluation;
      });
      return { onStep: (steps) => steps.pipe(begin, ready, end), onEval: (evaluations) => evaluations.pipe(evalBegin, evalEnd) };
    },
  };
  await createTrainer({ learner, plugins: [gated], steps: 1 }).run();
  learner.dispose();
  return parts as Parts;
}

const total = (counts: KernelCounts): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** Gates for four blocks, bit i of the pattern being block i; unequal gains, so that every open block is scaled. */
const plansOf = (pattern: number) =>
  [0, 1, 2, 3].map((layer) => {
    const active = ((pattern >> layer) & 1) === 1;
    return { active, attention: active, ffn: active, branchGain: 1 + 0.25 * (layer + 1), blockGain: 1 };
  });

beforeAll(async () => {
  await partsOf('pre', gatesOf([{ attention: true, ffn: true, branchGain: 1, blockGain: 1 }])); // the optimizer registers its kernel at its first use
});

describe.each(['pre', 'post'] as const)('a closed block runs nothing, norm %s', (norm) => {
  it('over all patterns of four blocks: forward, backward and optimizer run the kernels of the open blocks alone', async () => {
    const byActive = new Map<number, number>();
    for (let pattern = 0; pattern < 16; pattern++) {
      const plans = plansOf(pattern);
      const open = plans.filter((plan) => plan.active);
      const gated = await partsOf(norm, gatesOf(plans));
      const alone = await partsOf(norm, gatesOf(open));
      expect(gated, `pattern ${pattern.toString(2)}`).toEqual(alone);
      byActive.set(open.length, total(gated.gradients));
    }
    const counts = [0, 1, 2, 3, 4].map((active) => byActive.get(active)!);
    const block = counts[1]! - counts[0]!;
    expect(block).toBeGreaterThan(50);
    expect(counts).toEqual([0, 1, 2, 3, 4].map((active) => counts[0]! + active * block));
  });

  it('a closed branch runs nothing either', async () => {
    const plan = { attention: true, ffn: true, branchGain: 1, blockGain: 1 };
    const both = await partsOf(norm, gatesOf([plan]));
    const attention = await partsOf(norm, gatesOf([{ ...plan, ffn: false }]));
    const ffn = await partsOf(norm, gatesOf([{ ...plan, attention: false }]));
    const none = await partsOf(norm, gatesOf([{ ...plan, attention: false, ffn: false }]));
    for (const part of ['forward', 'gradients', 'optimizer'] as const) {
      expect(total(attention[part]) + total(ffn[part]) - total(none[part])).toBe(total(both[part]));
      expect(total(none[part])).toBeLessThan(Math.min(total(attention[part]), total(ffn[part])));
    }
  });
});
