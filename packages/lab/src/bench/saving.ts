import { uniform } from '@hookline/core';
import { loadEngine } from '@hookline/tfjs';
import { mean } from '../recording/statistics.js';
import type { TrainingShape } from '../shape.js';
import { type ClockName, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import type { BenchOptions } from './options.js';
import { type OurBert, ourBert } from './our-bert.js';
import { benchShape } from './shape.js';
import { type Spread, spreadOf } from './spread.js';

/** (all open − so many dropped) / (all open − built without them), over rounds; 1 is everything that could be saved. */
export interface SavingOfDrops extends Spread {
  readonly dropped: number;
}

export interface BenchSaving {
  readonly kind: 'saving';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: TrainingShape;
  /** `0 of L` to `L of L` blocks open (on native: those with a counterpart), then the models built with fewer blocks. */
  readonly timings: readonly Timing[];
  /** Time saved over ideal, for each number of blocks dropped that has a model built with the others. */
  readonly drops: readonly SavingOfDrops[];
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

/** Time saved over ideal, round by round. */
export function savingOfDrops(dropped: number, all: Timing, gated: Timing, built: Timing): SavingOfDrops {
  const each = all.times.map((time, round) => (time - (gated.times[round] as number)) / (time - (built.times[round] as number)));
  return { dropped, ...spreadOf(each) };
}

/**
 * Times steps with blocks dropped, and models built with fewer blocks, in turns: whether a block that is skipped costs nothing. A quarter and half of the
 * blocks have a counterpart built without them; up to 4 blocks, every number of open ones is timed.
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
  const blocks = shape.numHiddenLayers;
  const drops = [...new Set([Math.round(blocks / 4), Math.floor(blocks / 2)])].filter((dropped) => dropped > 0);
  const opens = blocks <= 4 ? Array.from({ length: blocks + 1 }, (_, open) => open) : [0, ...drops.map((dropped) => blocks - dropped).reverse(), blocks];
  const model = await ourBert({ ...common, shape });
  const built: { readonly open: number; readonly bert: OurBert }[] = [];
  for (const open of [0, ...drops.map((dropped) => blocks - dropped)]) {
    built.push({ open, bert: await ourBert({ ...common, shape: { ...shape, numHiddenLayers: open } }) });
  }
  let round = 0;
  const gatedName = (open: number): string => `${open} of ${blocks} blocks`;
  const builtName = (open: number): string => (open === 0 ? 'built without blocks' : `built with ${open}`);
  const gated = opens.map((open) => ({ name: gatedName(open), run: async () => void (await model.step(draw(blocks, open, round++))) }));
  const bare = built.map(({ open, bert }) => ({ name: builtName(open), run: async () => void (await bert.step()) }));
  try {
    const timings = await interleaved([...gated, ...bare], { rounds, warmup, clock: clocks[clock], onRound });
    const timing = (label: string): Timing => timings.find((one) => one.name === label) as Timing;
    const all = timing(gatedName(blocks));
    const perBlock = slope(opens.map((open) => [open, timing(gatedName(open)).median]));
    const most = all.median - timing(builtName(0)).median;
    return {
      ...{ kind: 'saving' as const, machine: benchMachine(engine), clock, shape, timings, millisecondsPerBlock: perBlock, most },
      realised: (perBlock * blocks) / most,
      drops: drops.map((dropped) => savingOfDrops(dropped, all, timing(gatedName(blocks - dropped)), timing(builtName(blocks - dropped)))),
    };
  } finally {
    await model.dispose();
    for (const { bert } of built) await bert.dispose();
  }
}
