import { HooklineError } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { AGREEMENT_STEPS, checkAgreement } from './agreement.js';
import { type ClockName, type Contender, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { ourBert } from './our-bert.js';
import { productFlops, productRun, stepProducts } from './products.js';
import { benchShape, randomBatches, repeatedBatches } from './shape.js';
import { ratioOf, type Spread } from './spread.js';
import { stockBert } from './stock-bert.js';
import { torchBert } from './torch-bert.js';
import type { TorchModel } from './torch-process.js';

/** How many times as long it takes as ours: over rounds, of ratios within a round. */
export interface StepRatio extends Spread {
  readonly name: string;
  /** Ours over it. */
  readonly ours: number;
}

/** A library's step over its matrix products alone, over rounds. */
export interface StepFloor extends Spread {
  readonly name: string;
  /** 10⁹ floating-point operations a second in the step's own products. */
  readonly gigaflops: number;
}

export interface BenchStep {
  readonly kind: 'step';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  readonly dropout: number;
  readonly timings: readonly Timing[];
  readonly ratios: readonly StepRatio[];
  readonly floors: readonly StepFloor[];
  readonly torch?: {
    readonly version: string;
    readonly threads: number;
    /** The form of AdamW that is quicker here: fused or foreach. */
    readonly optimizer: string;
    /** Largest relative difference of losses over the steps compared before the timing. */
    readonly lossDifference: number;
  };
}

export interface BenchStepOptions extends BenchOptions {
  /** A Python with PyTorch, which then takes part, eager and compiled. */
  readonly torch?: string;
  /** Dropout of ours and PyTorch while timed, in [0, 1); default 0. Stock tfjs has none. */
  readonly dropout?: number;
}

const LEARNING_RATE = 1e-4;
/** Batches made beforehand, the same for all. */
const BATCHES = 16;

const ratio = (of: Timing, over: Timing): Spread => ratioOf(of.times, over.times);

/**
 * Times a step of our BERT, in turns, against the same model on stock tfjs, with the vocabulary's head over all positions and over the masked ones; on
 * the native engine also against ours not compiled; with `torch` against PyTorch, eager and compiled, whose losses must agree with ours first.
 * Ours runs in the trainer: hooks, clipping and AdamW are part of its time.
 * @param options `rounds` is 5 and `warmup` 1 by default
 * @throws HooklineError HOOKLINE_TORCH, HOOKLINE_BENCH_DISAGREES, HOOKLINE_OPTIONS
 */
export async function benchStep(options: BenchStepOptions = {}): Promise<BenchStep> {
  const { engine: name = 'wasm', shape = benchShape, rounds = 5, warmup = 1, clock = 'wall', torch: python, dropout = 0, onRound } = options;
  if (python !== undefined && clock === 'cpu') {
    throw new HooklineError('HOOKLINE_OPTIONS', 'PyTorch runs in a process of its own, whose processor time is not counted', { hint: 'leave out --clock cpu' });
  }
  const engine = await loadEngine(name);
  const { batches, data } = await repeatedBatches(randomBatches(shape), BATCHES);
  const common = { shape, engine: engine.name, learningRate: LEARNING_RATE, seed: 0, data };
  const closing: (() => void | Promise<void>)[] = [];
  const closed = <T extends { dispose(): void | Promise<void> }>(one: T): T => {
    closing.unshift(() => one.dispose());
    return one;
  };
  const contenders: Contender[] = [];
  const onBatches = (step: (batch: number) => Promise<unknown>): (() => Promise<void>) => {
    let position = 0;
    return async () => void (await step(position++ % BATCHES));
  };
  try {
    const ours = closed(await ourBert({ ...common, dropout }));
    contenders.push({ name: 'hookline', run: async () => void (await ours.step()) });
    if (engine.name === 'native') {
      const plain = closed(await ourBert({ ...common, dropout, compiling: false }));
      contenders.push({ name: 'hookline, not compiled', run: async () => void (await plain.step()) });
    }
    for (const [label, head] of [['stock, masked positions', 'masked'] as const, ['stock, whole vocabulary', 'whole'] as const]) {
      const stock = closed(stockBert(ours.config, { head, learningRate: LEARNING_RATE, seed: 0 }));
      contenders.push({ name: label, run: onBatches((batch) => stock.step(batches[batch] as (typeof batches)[number])) });
    }
    const torches: TorchModel[] = [];
    let lossDifference = 0;
    if (python !== undefined) {
      const reference = await ourBert(common);
      const losses: number[] = [];
      for (let step = 0; step < AGREEMENT_STEPS; step++) losses.push(await reference.step());
      await reference.dispose();
      for (const mode of ['eager', 'compile'] as const) {
        const label = mode === 'eager' ? 'PyTorch, eager' : 'PyTorch, torch.compile';
        const other = closed(await torchBert({ python, mode, shape, config: ours.config, batches, learningRate: LEARNING_RATE, seed: 0 }));
        torches.push(other);
        const theirs: number[] = [];
        for (let step = 0; step < AGREEMENT_STEPS; step++) theirs.push(await other.step(step));
        lossDifference = Math.max(lossDifference, checkAgreement(label, losses, theirs, 'try another version of PyTorch'));
        await other.reset(dropout);
        contenders.push({ name: label, run: onBatches(other.step) });
      }
    }
    const products = closed(productRun(stepProducts(shape)));
    contenders.push({ name: 'hookline, matrix products alone', run: products.run });
    const [eager] = torches;
    if (eager) contenders.push({ name: 'PyTorch, matrix products alone', run: eager.products });

    const timings = await interleaved(contenders, { rounds, warmup, clock: clocks[clock], onRound });
    const timing = (label: string): Timing => timings.find((one) => one.name === label) as Timing;
    const [own, ...others] = timings.filter((one) => !one.name.endsWith('alone')) as [Timing, ...Timing[]];
    const ratios = others.map((other) => ({ name: other.name, ...ratio(other, own), ours: ratio(own, other).median }));
    const floor = (label: string, alone: string): StepFloor => ({
      name: label,
      gigaflops: productFlops(stepProducts(shape)) / timing(alone).median / 1e6,
      ...ratio(timing(label), timing(alone)),
    });
    const floors = [
      floor('hookline', 'hookline, matrix products alone'),
      ...(eager ? [floor('PyTorch, eager', 'PyTorch, matrix products alone'), floor('PyTorch, torch.compile', 'PyTorch, matrix products alone')] : []),
    ];
    const torch = eager && { version: eager.version, threads: eager.threads, optimizer: eager.optimizer, lossDifference };
    return { kind: 'step', machine: benchMachine(engine), clock, shape, dropout, timings, ratios, floors, ...(torch ? { torch } : {}) };
  } finally {
    for (const close of closing) await close();
  }
}
