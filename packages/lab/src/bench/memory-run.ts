import { HooklineError } from '@hookline/core';
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
  /** Bytes beyond which it may stop. */
  readonly limit?: number;
}

export interface MemoryRun {
  readonly engine: Engine;
  /** Bytes resident once the engine is loaded, before there is a model. */
  readonly loaded: number;
  /** Most bytes resident until the last step. */
  readonly peak: number;
}

/** Trains in this process, which must be fresh, and says what it took. */
export async function memoryRun({ variant, engine: name, shape, steps, limit = Number.POSITIVE_INFINITY }: MemorySetup): Promise<MemoryRun> {
  const engine = await loadEngine(name);
  const loaded = process.memoryUsage().rss;
  const { data } = await repeatedBatches(randomBatches(shape), 2);
  const gating = variant === 'dense' ? {} : { gating: progressiveLayerDropping({ schedule: 'constant', thetaBar: 0.5, sampling: variant }) };
  const bert = await ourBert({ shape, engine: engine.name, learningRate: 1e-4, seed: 0, data, ...gating });
  for (let step = 0; step < steps && peakMemory() <= limit; step++) await bert.step();
  return { engine, loaded, peak: peakMemory() };
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
