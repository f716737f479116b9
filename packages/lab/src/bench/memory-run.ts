import { gradientCheckpointing, HooklineError } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { type Engine, loadEngine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { ourBert } from './our-bert.js';
import { peakMemory } from './peak-memory.js';
import { randomBatches, repeatedBatches } from './shape.js';

export const memoryVariants = ['dense', 'bernoulli', 'systematic'] as const;

/** What a process is to train before it is measured. */
export interface MemorySetup {
  /** Every block always, or Progressive Layer Dropping at theta 0.5 from the first step on, by either way of drawing. */
  readonly variant: (typeof memoryVariants)[number];
  readonly engine: 'auto' | 'wasm' | 'cpu' | 'native';
  readonly shape: TrainingShape;
  readonly steps: number;
  /** Whether blocks keep their input alone and are computed again in the backward pass; default false. */
  readonly recompute?: boolean;
  /** Steps on a single row before, after which `stepped` is measured; default 0. */
  readonly before?: number;
  /** Bytes beyond which it may stop. */
  readonly limit?: number;
}

export interface MemoryRun {
  readonly engine: Engine;
  /** Bytes resident once the engine is loaded, before there is a model. */
  readonly loaded: number;
  /** Most bytes resident after the steps on a single row: engine, weights, optimizer and graphs. */
  readonly stepped: number;
  /** Most bytes resident until the last step. */
  readonly peak: number;
}

/** Trains in this process, which must be fresh, and says what it took. */
export async function memoryRun(setup: MemorySetup): Promise<MemoryRun> {
  const { variant, engine: name, shape, steps, recompute = false, before = 0, limit = Number.POSITIVE_INFINITY } = setup;
  const engine = await loadEngine(name);
  const loaded = process.memoryUsage().rss;
  const [whole, single] = [await repeatedBatches(randomBatches(shape), 2), await repeatedBatches(randomBatches({ ...shape, batchSize: 1 }), 2)];
  const data = { ...whole.data, batch: (position: number) => (position < before ? single : whole).data.batch(position) };
  const bert = await ourBert({
    ...{ shape, engine: engine.name, learningRate: 1e-4, seed: 0, data },
    ...(variant === 'dense' ? {} : { gating: progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.5, sampling: variant }) }),
    ...(recompute ? { plugins: [gradientCheckpointing()] } : {}),
  });
  for (let step = 0; step < before; step++) await bert.step();
  const stepped = peakMemory();
  for (let step = 0; step < steps && peakMemory() <= limit; step++) await bert.step();
  return { engine, loaded, stepped, peak: peakMemory() };
}

/** What the process answers on its only line: what it measured, or the error that kept it from it. */
export type MemoryAnswer = MemoryRun | { readonly error: { readonly code: string; readonly message: string } };

/** `memoryRun` as a program: the setup as JSON in its only argument, the answer as JSON on stdout. */
export async function memoryProgram(argument: string): Promise<MemoryAnswer> {
  try {
    return await memoryRun(JSON.parse(argument) as MemorySetup);
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { error: { code: error.code, message: error.message } };
  }
}
