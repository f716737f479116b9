import {
  accumulateGradients,
  clipGradients,
  createTrainer,
  during,
  type Host,
  type Plugin,
  type StepNews,
  type Tensors,
  weightAveraging,
} from '@hookline/core';
import type { EngineName, OptimizerOptions } from '@hookline/tfjs';
import { expect } from 'vitest';
import { bertPretraining } from '../src/pretraining/bert-pretraining.js';
import { oracle, oracleBatches, oracleConfig, oracleData, oracleWeights, type Trajectory } from './oracle.js';
import { type Composition, oracleGates, type Replay, replay } from './replay.js';

/** What sets a trajectory apart from PreLN, dense, AdamW, one micro-batch. */
export interface Setting extends Partial<Pick<Replay, 'dropped' | 'counter'>> {
  readonly norm?: 'pre' | 'post';
  readonly composition?: Composition;
  readonly optimizer?: OptimizerOptions;
  readonly microBatches?: number;
  readonly ema?: boolean;
}

const { betas, eps, weightDecay } = oracle.optimizer;
const numbers = { betas: [...betas] as [number, number], epsilon: eps, weightDecay };

/** The oracle's trajectories by name. */
export const settings: Readonly<Record<string, Setting>> = {
  a_dense: {},
  b_drop_skip: { composition: 'shared' },
  b_drop_skip_globalCounter: { composition: 'shared', counter: 'global' },
  c_drop_zeroGrad_decay: { composition: 'shared', dropped: 'zeroGradient' },
  lamb_trustAll: { optimizer: { type: 'lamb', ...numbers, trustAll: true } },
  lamb_noTrustOnBiasLN: { optimizer: { type: 'lamb', ...numbers, trustAll: false } },
  preln_wholeBlock: { composition: 'wholeBlock' },
  preln_independentBranches: { composition: 'independent' },
  preln_unscaled: { composition: 'sharedUnscaled' },
  preln_accumulate2: { composition: 'shared', microBatches: 2 },
  preln_ema: { composition: 'shared', ema: true },
  postln_shared_unscaled: { norm: 'post', composition: 'sharedUnscaled' },
  postln_independentBranches_unscaled: { norm: 'post', composition: 'independentUnscaled' },
  postln_hf: { norm: 'post' },
};

/** Whether a trajectory is one of those that lay gates and gains on blocks in other ways: plain JavaScript is slow, and these are tested in a file of their own. */
export const isGated = (name: string): boolean => /^(pre|post)ln_(?!hf$)/.test(name);

/** Largest deviations of a whole trajectory that are rounding in float32. */
export function expectOracle(worst: Deviation): void {
  expect(worst.loss).toBeLessThan(2e-5);
  expect(worst.gradNorm).toBeLessThan(1e-4);
  expect(worst.parameterNorm).toBeLessThan(1e-5);
  expect(worst.parameterMove).toBeLessThan(1e-4);
}

export interface Measured {
  readonly mlm: readonly number[];
  readonly nsp: readonly number[];
  readonly gradNorm: readonly number[];
  /** Whole loss of each of the four batches after step 20, every block open; of the averaged weights where the run keeps an average. */
  readonly evalAfter: readonly number[];
  readonly tensors: Tensors;
}

/** Trains as a trajectory's setting says, through the trainer. */
export async function run(setting: Setting, engine: EngineName): Promise<Measured> {
  const { norm = 'pre', composition = 'dense', optimizer, microBatches = 1, ema = false } = setting;
  const batches = oracleBatches();
  const learner = await bertPretraining({
    ...oracleConfig(norm),
    data: { train: oracleData(batches), evaluation: Object.fromEntries(batches.map((batch, i) => [`batch${i}`, [batch]])) },
    objective: ['mlm', 'nsp'],
    optimizer: optimizer ?? { type: 'adamw', ...numbers },
    weights: oracleWeights(norm),
    engine,
  });
  const rates = optimizer?.type === 'lamb' ? oracle.lambRates : oracle.optimizer.lrPerStep;
  const sets = learner.evaluationSets;
  const evaluateAtEnd: Plugin = {
    name: 'evaluate-at-end',
    onStep: during('end', (step) => (step.index === oracle.optimizer.lrPerStep.length - 1 ? { ...step, evaluate: sets } : step)),
  };
  const plugins: Plugin[] = [
    replay({ ...setting, rates, gates: (step) => oracleGates(composition, step) }),
    clipGradients({ norm: optimizer?.type === 'lamb' ? Number.MAX_VALUE : oracle.optimizer.clip }), // the oracle's LAMB does not clip
    evaluateAtEnd,
    ...(microBatches > 1 ? [accumulateGradients({ microBatches })] : []),
    ...(ema ? [weightAveraging({ decay: oracle.gating.emaDecay })] : []),
  ];
  const news: StepNews[] = [];
  const trainer = createTrainer({ learner, plugins, steps: oracle.optimizer.lrPerStep.length });
  trainer.on('step', (step) => news.push(step));
  const { metrics } = await trainer.run();
  const tensors = learner.save();
  const losses = sets.flatMap((set) => metrics[set]?.['loss'] ?? []);
  learner.dispose();
  return {
    mlm: news.map((step) => step.losses['mlm']!),
    nsp: news.map((step) => step.losses['nsp']!),
    gradNorm: news.map((step) => step.gradientNorm),
    evalAfter: losses,
    tensors,
  };
}

/** Largest deviations of a run from its trajectory. */
export interface Deviation {
  /** Absolute, over MLM and NSP losses of every step and the losses after the last. */
  readonly loss: number;
  /** Relative, over the global gradient norm of every step. */
  readonly gradNorm: number;
  /** Relative, over the L2 norm of every parameter after the last step. */
  readonly parameterNorm: number;
  /** Relative, over the L2 norm of what each parameter moved from its start. */
  readonly parameterMove: number;
}

const worst = (deviations: readonly number[]): number => deviations.reduce((a, b) => Math.max(a, Number.isNaN(b) ? Number.POSITIVE_INFINITY : b), 0);

/** Compares figure by figure; one that is missing is infinitely far. */
const compare = (actual: readonly number[], expected: readonly number[], difference: (a: number, b: number) => number): number =>
  actual.length === expected.length ? worst(actual.map((value, i) => Math.abs(difference(value, expected[i]!)))) : Number.POSITIVE_INFINITY;

const absolute = (actual: readonly number[], expected: readonly number[]): number => compare(actual, expected, (a, b) => a - b);

const relative = (actual: readonly number[], expected: readonly number[]): number => compare(actual, expected, (a, b) => a / b - 1);

const l2 = (values: Iterable<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

/**
 * Compares a figure of every parameter. A parameter that the model lacks must be lacking in `tensors`. The key's bias is passed over: its
 * gradient is rounding noise, which optimizers turn into moves.
 */
function ofParameters(tensors: Tensors, prefix: string, expected: readonly (number | null)[], figure: (values: Host, name: string) => number): number {
  return worst(
    oracle.names.map((name, i) => {
      const tensor = tensors[prefix + name];
      if (name.endsWith('self.key.bias')) return 0;
      if (!tensor || expected[i] === null) return tensor === undefined && expected[i] === null ? 0 : Number.POSITIVE_INFINITY;
      return Math.abs(figure(tensor.data, name) / expected[i]! - 1);
    }),
  );
}

/** Compares a run with the figures. */
export function deviation(measured: Measured, expected: Trajectory): Deviation {
  const { tensors, evalAfter } = measured;
  const start = oracleWeights('pre');
  const move = (values: Host, name: string) => l2(values.map((value, i) => value - start[name]!.data[i]!));
  return {
    loss: worst([absolute(measured.mlm, expected.mlm), absolute(measured.nsp, expected.nsp), absolute(evalAfter, expected.emaEvalAfter ?? expected.evalAfter)]),
    gradNorm: relative(measured.gradNorm, expected.gradNorm),
    parameterNorm: worst([
      ofParameters(tensors, 'weights/', expected.finalParamNorm, l2),
      expected.emaParamNorm ? ofParameters(tensors, 'slot:ema/', expected.emaParamNorm, l2) : 0,
    ]),
    parameterMove: expected.finalParamDelta ? ofParameters(tensors, 'weights/', expected.finalParamDelta, move) : 0,
  };
}
