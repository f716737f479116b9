import { uniform } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import { mean } from '../recording/statistics.js';
import type { TrainingShape } from '../shape.js';
import { type ClockName, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { ourBert } from './our-bert.js';
import { benchShape } from './shape.js';

export interface BenchSaving {
  readonly kind: 'saving';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  /** `0 of L` to `L of L` blocks open, then the model without blocks. */
  readonly timings: readonly Timing[];
  /** Milliseconds a step that one more open block costs: the slope of the least-squares line through all timed steps. */
  readonly millisecondsPerBlock: number;
  /** All blocks open minus no blocks in the model, in milliseconds: all that dropping could save. */
  readonly most: number;
  /** millisecondsPerBlock · L / most: the share of a dropped block's time that is saved; 1 is all of it. */
  readonly realised: number;
}

/** Slope of the least-squares line through points. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const x = mean(points.map(([x]) => x));
  const y = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** `count` of `blocks` numbers, drawn by a key. */
function draw(blocks: number, count: number, round: number): ReadonlySet<number> {
  const order = Array.from({ length: blocks }, (_, i) => i).sort((a, b) => uniform(0, 'bench/open', round, a) - uniform(0, 'bench/open', round, b));
  return new Set(order.slice(0, count));
}

/**
 * Times steps with 0 to L blocks open, and a model built with none, in turns: whether a block that is skipped costs nothing.
 * @param options `rounds` is 7 and `warmup` 2 by default
 */
export async function benchSaving({
  engine: name = 'wasm',
  shape = benchShape,
  rounds = 7,
  warmup = 2,
  clock = 'wall',
  onRound,
}: BenchOptions = {}): Promise<BenchSaving> {
  const engine = await loadEngine(name);
  const common = { engine: engine.name, learningRate: 1e-4, seed: 0 };
  const model = await ourBert({ ...common, shape });
  const bare = await ourBert({ ...common, shape: { ...shape, numHiddenLayers: 0 } });
  const blocks = shape.numHiddenLayers;
  let round = 0;
  const gated = Array.from({ length: blocks + 1 }, (_, open) => ({
    name: `${open} of ${blocks} blocks`,
    run: async () => void (await model.step(draw(blocks, open, round++))),
  }));
  try {
    const timings = await interleaved([...gated, { name: 'built without blocks', run: async () => void (await bare.step()) }], {
      rounds,
      warmup,
      clock: clocks[clock],
      onRound,
    });
    const perBlock = slope(timings.slice(0, -1).map(({ median }, open) => [open, median]));
    const most = (timings[blocks] as Timing).median - (timings[blocks + 1] as Timing).median;
    return { kind: 'saving', machine: benchMachine(engine), clock, shape, timings, millisecondsPerBlock: perBlock, most, realised: (perBlock * blocks) / most };
  } finally {
    await model.dispose();
    await bare.dispose();
  }
}
