import { gradientCheckpointing } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { loadEngine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { type ClockName, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { memoryOf } from './memory-process.js';
import type { BenchOptions } from './options.js';
import { type OurBert, ourBert } from './our-bert.js';
import { benchShape, randomBatches, repeatedBatches } from './shape.js';
import { ratioOf, type Spread } from './spread.js';

/** Gradient checkpointing of every block against keeping all activations, with the same blocks running. */
export interface RecomputeRatio {
  /** `dense` or `PLD`. */
  readonly name: string;
  /** Time of a step over that of one that keeps everything, within rounds. */
  readonly time: Spread;
  /** Largest difference of a loss, over that of the run that keeps everything. */
  readonly difference: number;
}

/** Peak memory of a dense training by the kernel, in bytes, each in a fresh process. */
export interface RecomputeMemory {
  readonly name: string;
  /** After two steps on a single row: engine, weights, optimizer, graphs. */
  readonly stepped: number;
  readonly peak: number;
}

export interface BenchRecompute {
  readonly kind: 'recompute';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  readonly timings: readonly Timing[];
  readonly ratios: readonly RecomputeRatio[];
  readonly memory: readonly [keeping: RecomputeMemory, recomputing: RecomputeMemory];
  /** By how much what training takes above a loaded and stepped model falls, a share. */
  readonly saved: number;
}

const variants = [
  { name: 'dense', dropping: false },
  { name: 'PLD', dropping: true },
] as const;

/** Of the two kinds of memory run, in turn. */
async function measureMemory(shape: TrainingShape, engine: NonNullable<BenchOptions['engine']>): Promise<BenchRecompute['memory']> {
  const measure = async (name: string, recompute: boolean): Promise<RecomputeMemory> => {
    const { stepped, peak } = await memoryOf(name, { variant: 'dense', engine, shape, steps: 4, before: 2, recompute });
    return { name, stepped, peak };
  };
  return [await measure('keeping activations', false), await measure('recomputing blocks', true)];
}

/**
 * What gradient checkpointing of every block costs in time and saves in memory, dense and with Progressive Layer Dropping at theta 0.5, and whether the
 * losses stay the same.
 * @param options `rounds` is 9 and `warmup` 2 by default
 * @throws HooklineError HOOKLINE_ENGINE_MISSING, HOOKLINE_BENCH_PROCESS
 */
export async function benchRecompute({
  engine: name = 'native',
  shape = benchShape,
  rounds = 9,
  warmup = 2,
  clock = 'wall',
  onRound,
}: BenchOptions = {}): Promise<BenchRecompute> {
  const engine = await loadEngine(name);
  const memory = await measureMemory(shape, engine.name);
  const { data } = await repeatedBatches(randomBatches(shape), 2);
  const losses: Record<string, number[]> = {};
  const made: OurBert[] = [];
  const contender = async (label: string, dropping: boolean, recompute: boolean) => {
    const bert = await ourBert({
      ...{ shape, engine: engine.name, learningRate: 1e-4, seed: 0, data },
      ...(dropping ? { gating: progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.5 }) } : {}),
      ...(recompute ? { plugins: [gradientCheckpointing()] } : {}),
    });
    made.push(bert);
    const own: number[] = [];
    losses[label] = own;
    return { name: label, run: async () => void own.push(await bert.step()) };
  };
  try {
    const contenders = [];
    for (const { name: label, dropping } of variants) {
      contenders.push(await contender(label, dropping, false), await contender(`${label}, recomputing`, dropping, true));
    }
    const timings = await interleaved(contenders, { rounds, warmup, clock: clocks[clock], onRound });
    const times = (label: string): readonly number[] => timings.find((one) => one.name === label)?.times ?? [];
    const ratios = variants.map(({ name: label }): RecomputeRatio => {
      const [kept, again] = [losses[label] as number[], losses[`${label}, recomputing`] as number[]];
      return {
        name: label,
        time: ratioOf(times(`${label}, recomputing`), times(label)),
        difference: Math.max(...kept.map((loss, i) => Math.abs((again[i] as number) - loss) / Math.abs(loss))),
      };
    });
    const [keeping, recomputing] = memory;
    const saved = 1 - (recomputing.peak - recomputing.stepped) / (keeping.peak - keeping.stepped);
    return { kind: 'recompute', machine: benchMachine(engine), clock, shape, timings, ratios, memory, saved };
  } finally {
    for (const bert of made) await bert.dispose();
  }
}
