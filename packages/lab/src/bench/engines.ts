import { HooklineError } from '@hookline/core';
import { type Engine, type EngineName, loadEngine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { type Contender, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { type OurBert, ourBert } from './our-bert.js';
import { type ProductRun, productFlops, productRun } from './products.js';
import { benchShape } from './shape.js';
import { ratioOf, type Spread } from './spread.js';

export interface EngineFigures {
  readonly engine: EngineName;
  /** What it computes on. */
  readonly device: string;
  readonly step: Timing;
  /** How many times as quick a step is as on the yardstick, over rounds. */
  readonly speed: Spread;
  /** 10⁹ floating-point operations a second in a plain product of two square matrices. */
  readonly gigaflops: number;
  /** The rate over that of the yardstick. */
  readonly rate: Spread;
}

export interface BenchEngines {
  readonly kind: 'engines';
  readonly machine: BenchMachine;
  readonly shape: TrainingShape;
  /** Rows of the square matrices whose product gives the raw rate. */
  readonly rows: number;
  readonly figures: readonly EngineFigures[];
  /** The engine that the others are compared with: wasm, or the slowest where it takes no part. */
  readonly over: EngineName;
  /** Engines that are not here, and why. */
  readonly missing: readonly { readonly engine: EngineName; readonly why: string }[];
}

export interface BenchEnginesOptions {
  /** Those that are to be there; default: all that are. */
  readonly engines?: readonly EngineName[];
  /** Default `engineShape`. */
  readonly shape?: TrainingShape;
  /** Default 7. */
  readonly rounds?: number;
  /** Default 2. */
  readonly warmup?: number;
  readonly onRound?: (done: number, of: number) => void;
}

/** Small enough for plain JavaScript: about one GFLOP a step. */
export const engineShape: TrainingShape = { ...benchShape, numHiddenLayers: 2, hiddenSize: 128, numAttentionHeads: 2, intermediateSize: 512, batchSize: 2 };

const ALL: readonly EngineName[] = ['native', 'wasm', 'cpu'];
const ROWS = 384;
const PRODUCT = [{ count: 1, batch: 1, m: ROWS, k: ROWS, n: ROWS }];

interface Runner {
  readonly engine: Engine;
  readonly bert: OurBert;
  readonly product: ProductRun;
}

/**
 * The same small training step on each engine, in turns, and the rate of a plain matrix product on each: how many times as quick as on wasm.
 * @throws HooklineError HOOKLINE_ENGINE_MISSING for an engine that was asked for
 */
export async function benchEngines(options: BenchEnginesOptions = {}): Promise<BenchEngines> {
  const { engines: asked, shape = engineShape, rounds = 7, warmup = 2, onRound } = options;
  const runners: Runner[] = [];
  const missing: { engine: EngineName; why: string }[] = [];
  const use = (name: EngineName) => async (): Promise<void> => void (await loadEngine(name));
  try {
    for (const name of asked ?? ALL) {
      try {
        const engine = await loadEngine(name);
        runners.push({ engine, bert: await ourBert({ shape, engine: name, learningRate: 1e-4, seed: 0 }), product: productRun(PRODUCT) });
      } catch (error) {
        if (asked || !(error instanceof HooklineError)) throw error;
        missing.push({ engine: name, why: error.message });
      }
    }
    const contenders = runners.flatMap(({ engine: { name }, bert, product }): Contender[] => [
      { name: `${name} step`, prepare: use(name), run: async () => void (await bert.step()) },
      { name: `${name} product`, prepare: use(name), run: product.run },
    ]);
    const timings = await interleaved(contenders, { rounds, warmup, onRound });
    const timing = (name: string): Timing => timings.find((one) => one.name === name) as Timing;
    const names = runners.map(({ engine }) => engine.name);
    const slowest = names.reduce((a, b) => (timing(`${a} step`).median >= timing(`${b} step`).median ? a : b));
    const over = names.includes('wasm') ? 'wasm' : slowest;
    const times = (kind: 'step' | 'product', name: EngineName): readonly number[] => timing(`${name} ${kind}`).times;
    const figures = runners.map(
      ({ engine: { name, device } }): EngineFigures => ({
        engine: name,
        device,
        step: timing(`${name} step`),
        speed: ratioOf(times('step', over), times('step', name)),
        gigaflops: productFlops(PRODUCT) / timing(`${name} product`).median / 1e6,
        rate: ratioOf(times('product', over), times('product', name)),
      }),
    );
    const { engine } = runners.find((one) => one.engine.name === over) as Runner;
    return { kind: 'engines', machine: benchMachine(engine), shape, rows: ROWS, figures, over, missing };
  } finally {
    for (const { engine, bert, product } of runners) {
      await loadEngine(engine.name);
      product.dispose();
      await bert.dispose();
    }
  }
}
