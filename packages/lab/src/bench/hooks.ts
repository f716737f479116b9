import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BertLearner, PretrainingBatch } from '@hookline/bert';
import {
  type BlockInfo,
  clipGradients,
  createTrainer,
  during,
  eachBlock,
  type Gates,
  type Learner,
  linearWarmup,
  type Plugin,
  weightAveraging,
} from '@hookline/core';
import { consoleProgress, metricsFile } from '@hookline/core/node';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { loadEngine } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import type { TrainingShape } from '../shape.js';
import { AGREEMENT_STEPS, checkAgreement } from './agreement.js';
import { type ClockName, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { benchLearner } from './our-bert.js';
import { slope } from './saving.js';
import { benchShape, randomBatches, repeatedBatches } from './shape.js';
import { ratioOf, type Spread, spreadOf } from './spread.js';
import { PLENTY } from './stepped-trainer.js';
import { stillLearner } from './still-learner.js';

/** What a step takes with so many plugins that answer every event, its arithmetic left out. */
export interface PluginCost extends Spread {
  readonly plugins: number;
  /** Median and quartiles are microseconds a step. */
  readonly unit: 'us';
}

export interface BenchHooks {
  readonly kind: 'hooks';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  /** The trainer with its plugins, and the bare calls. */
  readonly timings: readonly Timing[];
  /** Names of the plugins, in the order in which they run. */
  readonly plugins: readonly string[];
  /** (trainer − bare) / trainer, within rounds. */
  readonly byDifference: Spread;
  /** Microseconds a step of the same trainer and plugins on a learner that computes nothing. */
  readonly still: Spread;
  /** That over the median of the trainer's step: the share that hooks, gates, telemetry and metrics file take. */
  readonly share: Spread;
  readonly costs: readonly PluginCost[];
  /** Microseconds that one more plugin adds to an event, and how many events a step has. */
  readonly perEvent: number;
  readonly events: number;
  /** Largest relative difference between the losses of both over the first steps. */
  readonly lossDifference: number;
}

const SEED = 0;
/** Steps of the still learner for one measurement. */
const STILL_STEPS = 200;
/** Numbers of plugins whose cost is measured. */
const COUNTS = [0, 1, 2, 4, 8] as const;
/** Weight averaging's decay. */
const DECAY = 0.999;

/** Steps that can be asked for one by one. */
interface Steps {
  readonly next: () => Promise<number>;
  readonly plugins: readonly string[];
  readonly close: () => Promise<void>;
}

function stepsOf<B, T>(learner: Learner<B, T>, plugins: readonly Plugin[], run?: string): Steps {
  const trainer = createTrainer({ learner, plugins, steps: PLENTY, seed: SEED, learningRate: 1e-3, ...(run === undefined ? {} : { run }) });
  const steps = trainer.events('step');
  return {
    next: async () => (await steps.next()).value.loss,
    plugins: trainer.plan(),
    close: async () => void (await steps.return?.()),
  };
}

/** What a run usually has: layer dropping, schedule, clipping, averaged weights, an observer of blocks, one of losses, metrics file, progress. */
function usualPlugins(): readonly Plugin[] {
  let [blocks, smooth] = [0, Number.NaN];
  const observer: Plugin = {
    name: 'observer',
    onForwardBlock: eachBlock((call) => {
      blocks += call.gate.active ? 1 : 0;
      return call;
    }),
    onStep: during('end', (step) => {
      smooth = Number.isNaN(smooth) ? step.loss : 0.9 * smooth + 0.1 * step.loss;
      return { ...step, report: { ...step.report, smooth, blocks } };
    }),
  };
  return [
    progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.5, sampling: 'systematic' }),
    linearWarmup({ peak: 1e-3, warmup: AGREEMENT_STEPS }),
    clipGradients({ norm: 1 }),
    weightAveraging({ decay: DECAY }),
    observer,
    metricsFile(),
    consoleProgress({ stream: { write: () => undefined, isTTY: true, columns: 80 } }),
  ];
}

interface Planned {
  readonly gates: Gates;
  readonly learningRate: number;
}

/** What the usual plugins plan for the first steps. */
async function plannedSteps(blocks: readonly BlockInfo[], count: number, run: string): Promise<readonly Planned[]> {
  const planned: Planned[] = [];
  const notes: Plugin = {
    name: 'notes',
    onStep: during('gradients', (step) => {
      planned.push({ gates: step.gates, learningRate: step.learningRate });
      return step;
    }),
  };
  const steps = stepsOf(stillLearner(blocks), [...usualPlugins(), notes], run);
  while (planned.length < count) await steps.next();
  await steps.close();
  return planned;
}

/** A step by calls of the learner alone, as the plan says: what the trainer does but for hooks, gates, telemetry and files. */
async function bareStep(learner: BertLearner, batch: PretrainingBatch, step: number, { gates, learningRate }: Planned): Promise<number> {
  const gateOf = new Map(gates.map((gate) => [gate.name, gate]));
  const run = (name: string, x: tf.Tensor, body: Parameters<typeof learner.algebra.run>[2], ...inputs: tf.Tensor[]): tf.Tensor => {
    const gate = gateOf.get(name);
    return gate?.active ? learner.algebra.run({ name, gate, recompute: false, seed: [0, 0], mode: 'train' }, x, body, inputs) : x;
  };
  const gradients = learner.gradients(batch, run as Parameters<typeof learner.gradients>[1], learner.data.counts(batch), undefined).clipNorm(1);
  const plan = { step, learningRate, rateScale: () => 1, gates, dropped: 'skip' as const, counter: 'own' as const, skip: false };
  const { losses } = await learner.update(gradients, plan);
  if (learner.weights.has('ema')) learner.weights.lerp('ema', 1 - DECAY);
  else learner.weights.copy('ema');
  return Object.values(losses).reduce((sum, loss) => sum + loss, 0);
}

/** Plugins that answer every event of a step and a block with a copy or the event itself. */
const answering = (count: number): readonly Plugin[] =>
  Array.from({ length: count }, (_, i) => ({
    name: `answering-${i}`,
    onStep: during('end', (step) => ({ ...step })),
    onForwardBlock: eachBlock((call) => call),
  }));

/** Microseconds a step, over rounds, of trainers on a learner that computes nothing. */
async function stillCosts(blocks: readonly BlockInfo[], sets: readonly (readonly Plugin[])[], directory: string, rounds: number): Promise<readonly Spread[]> {
  const all = sets.map((plugins, i) => stepsOf(stillLearner(blocks), plugins, join(directory, `still-${i}`)));
  const contenders = all.map(({ next }, i) => ({
    name: String(i),
    run: async () => {
      for (let step = 0; step < STILL_STEPS; step++) await next();
    },
  }));
  const timings = await interleaved(contenders, { rounds, warmup: 2 });
  for (const { close } of all) await close();
  return timings.map(({ times }) => spreadOf(times.map((time) => (1000 * time) / STILL_STEPS)));
}

/**
 * What hooks, gates, telemetry and the metrics file take of a step: the trainer with a usual set of plugins against the learner's bare calls with the same
 * gates and rates, in turns, after their losses were seen to agree; and, more precisely, the same trainer on a learner that computes nothing.
 * @param options `rounds` is 15 and `warmup` 2 by default
 * @throws HooklineError HOOKLINE_ENGINE_MISSING, HOOKLINE_BENCH_DISAGREES
 */
export async function benchHooks(options: BenchOptions = {}): Promise<BenchHooks> {
  const { engine: name = 'wasm', shape = benchShape, rounds = 15, warmup = 2, clock = 'wall', onRound } = options;
  const engine = await loadEngine(name);
  const { batches, data } = await repeatedBatches(randomBatches(shape), 16);
  const common = { shape, engine: engine.name, seed: SEED, data };
  const directory = await mkdtemp(join(tmpdir(), 'hookline-bench-'));
  const [whole, bare] = [await benchLearner(common), await benchLearner(common)];
  const { blocks } = whole;
  const steps = stepsOf(whole, usualPlugins(), join(directory, 'run'));
  let taken = 0;
  try {
    const planned = await plannedSteps(blocks, AGREEMENT_STEPS + warmup + rounds, join(directory, 'plan'));
    const bareNext = (): Promise<number> => {
      const step = taken++;
      return bareStep(bare, batches[step % batches.length] as PretrainingBatch, step, planned[step] as Planned);
    };
    const losses: [number[], number[]] = [[], []];
    for (let step = 0; step < AGREEMENT_STEPS; step++) {
      losses[0].push(await steps.next());
      losses[1].push(await bareNext());
    }
    const lossDifference = checkAgreement("the learner's bare calls", ...losses);
    const contenders = [
      { name: 'trainer with plugins', run: async () => void (await steps.next()) },
      { name: "the learner's bare calls", run: async () => void (await bareNext()) },
    ];
    const timings = await interleaved(contenders, { rounds, warmup, clock: clocks[clock], onRound });
    const [trainer, calls] = timings as readonly [Timing, Timing];
    const sets = [usualPlugins(), ...COUNTS.map(answering)];
    const [still, ...costs] = (await stillCosts(blocks, sets, directory, 7)) as [Spread, ...Spread[]];
    const events = 3 + 2 * blocks.length;
    const of = (microseconds: number): number => microseconds / 1000 / trainer.median;
    const difference = ratioOf(
      trainer.times.map((time, round) => time - (calls.times[round] as number)),
      trainer.times,
    );
    return {
      ...{ kind: 'hooks' as const, machine: benchMachine(engine), clock, shape, timings, plugins: steps.plugins, byDifference: difference, still },
      share: { median: of(still.median), quartiles: [of(still.quartiles[0]), of(still.quartiles[1])] },
      costs: costs.map((cost, i) => ({ ...cost, plugins: COUNTS[i] as number, unit: 'us' })),
      perEvent: slope(costs.map(({ median }, i) => [COUNTS[i] as number, median])) / events,
      events,
      lossDifference,
    };
  } finally {
    await steps.close();
    whole.dispose();
    bare.dispose();
    await rm(directory, { recursive: true, force: true });
  }
}
