import { loadEngine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { type ClockName, clocks, interleaved, quantile, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { ourBert } from './our-bert.js';
import { benchShape, randomBatches } from './shape.js';
import { stockBert } from './stock-bert.js';

/** How many times as long a contender takes as ours: the median over rounds of the ratio within a round, and its quartiles. */
export interface StepRatio {
  readonly name: string;
  readonly median: number;
  readonly quartiles: readonly [number, number];
}

export interface BenchStep {
  readonly kind: 'step';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  readonly timings: readonly Timing[];
  readonly ratios: readonly StepRatio[];
}

const LEARNING_RATE = 1e-4;

/**
 * Times a step of our BERT against the same model on stock tfjs, with the vocabulary's head over all positions and over the masked ones, in turns.
 * Ours runs in the trainer: hooks, clipping and AdamW are part of its time.
 * @param options `rounds` is 5 and `warmup` 1 by default
 */
export async function benchStep({
  engine: name = 'wasm',
  shape = benchShape,
  rounds = 5,
  warmup = 1,
  clock = 'wall',
  onRound,
}: BenchOptions = {}): Promise<BenchStep> {
  const engine = await loadEngine(name);
  const data = randomBatches(shape);
  const ours = await ourBert({ shape, engine: engine.name, learningRate: LEARNING_RATE, seed: 0 });
  const whole = stockBert(ours.config, { head: 'whole', learningRate: LEARNING_RATE, seed: 0 });
  const masked = stockBert(ours.config, { head: 'masked', learningRate: LEARNING_RATE, seed: 0 });
  let position = 0;
  const stock = (model: typeof whole) => async (): Promise<void> => {
    await model.step(await data.batch(position++));
  };
  const contenders = [
    { name: 'hookline', run: async () => void (await ours.step()) },
    { name: 'stock, masked positions', run: stock(masked) },
    { name: 'stock, whole vocabulary', run: stock(whole) },
  ];
  try {
    const timings = await interleaved(contenders, { rounds, warmup, clock: clocks[clock], onRound });
    const [own, ...others] = timings as [Timing, ...Timing[]];
    const ratios = others.map(({ name, times }) => {
      const each = times.map((time, round) => time / (own.times[round] as number));
      return { name, median: quantile(each, 0.5), quartiles: [quantile(each, 0.25), quantile(each, 0.75)] as const };
    });
    return { kind: 'step', machine: benchMachine(engine), clock, shape, timings, ratios };
  } finally {
    await ours.dispose();
    whole.dispose();
    masked.dispose();
  }
}
