import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '../src/index.js';
import * as node from '../src/node/index.js';
import type { Plugin } from '../src/plugin.js';
import type { PluginConformanceOptions } from '../src/testing/index.js';

/** A built-in plugin, with options under which it does something in 6 steps, and what the conformance kit is told of it. */
export interface BuiltIn extends PluginConformanceOptions {
  readonly make: () => Plugin;
  readonly refuses: readonly (() => unknown)[];
}

const loss = { set: 'dev', metric: 'loss', mode: 'min' } as const;
const silent = { write: () => true };
const wrong = (options: unknown) => options as never;

/** Each built-in plugin by its exported name. @param directory where files go */
export const builtIn = (directory: string): Readonly<Record<string, BuiltIn>> => ({
  learningRate: {
    make: () => core.learningRate({ schedule: 'cosine', peak: 0.05, warmup: 0.2 }),
    refuses: [() => core.learningRate(wrong({ schedule: 'zigzag', peak: 1 })), () => core.learningRate({ schedule: 'cosine', peak: -1 })],
  },
  linearWarmup: {
    make: () => core.linearWarmup({ peak: 0.05, warmup: 3 }),
    refuses: [() => core.linearWarmup(wrong({})), () => core.linearWarmup({ peak: 1, warmup: 1.5 })],
  },
  clipGradients: {
    make: () => core.clipGradients({ perBlock: 0.05 }),
    refuses: [() => core.clipGradients({ norm: 0 }), () => core.clipGradients(wrong({ norm: 1, value: 1 })), () => core.clipGradients(wrong({ nrom: 1 }))],
  },
  accumulateGradients: { make: () => core.accumulateGradients({ microBatches: 3 }), refuses: [() => core.accumulateGradients({ microBatches: 0 })] },
  weightAveraging: {
    make: () => core.weightAveraging({ decay: 0.9, warmup: true }),
    claims: ['evaluation'],
    slots: ['ema'],
    refuses: [() => core.weightAveraging({ decay: 1 })],
  },
  checkpoints: {
    make: () => core.checkpoints({ every: 5, best: loss }),
    refuses: [() => core.checkpoints({ every: 0 }), () => core.checkpoints({ every: 1, keep: 0 })],
  },
  earlyStopping: {
    make: () => core.earlyStopping({ ...loss, minDelta: 1000, patience: 2 }),
    kills: [0, 3],
    refuses: [() => core.earlyStopping({ ...loss, patience: 0 })],
  },
  gradientCheckpointing: {
    make: () => core.gradientCheckpointing({ blocks: { every: 2 } }),
    refuses: [() => core.gradientCheckpointing(wrong({ blocks: { every: 0 } })), () => core.gradientCheckpointing(wrong({ block: 'a' }))],
  },
  freezing: {
    make: () => core.freezing({ blocks: { first: 1 }, parameters: 'stem', until: 5 }),
    refuses: [() => core.freezing({}), () => core.freezing({ blocks: { first: -1 } })],
  },
  gradualUnfreezing: { make: () => core.gradualUnfreezing({ every: 2 }), refuses: [() => core.gradualUnfreezing({ every: 0 })] },
  layerwiseRates: { make: () => core.layerwiseRates({ decay: 0.8 }), refuses: [() => core.layerwiseRates({ decay: 0 })] },
  stochasticWeightAveraging: {
    make: () => core.stochasticWeightAveraging({ start: 2, every: 2, rate: { from: 0.05, to: 0.01 } }),
    claims: ['evaluation'],
    slots: ['swa'],
    refuses: [() => core.stochasticWeightAveraging({ every: 0 }), () => core.stochasticWeightAveraging({ every: 1, rate: -1 })],
  },
  nanGuard: {
    make: () => core.nanGuard({ policy: 'rollback', every: 3 }),
    slots: ['last-sound'],
    refuses: [() => core.nanGuard(wrong({ policy: 'ignore' })), () => core.nanGuard({ every: 0 })],
  },
  gradientNoise: { make: () => core.gradientNoise({ eta: 0.01 }), refuses: [() => core.gradientNoise({ eta: 0 })] },
  gradientLogging: { make: () => core.gradientLogging({ every: 2 }), refuses: [() => core.gradientLogging({ every: 0 })] },
  evaluateEvery: {
    make: () => core.evaluateEvery({ steps: 2, atStart: true }),
    refuses: [() => core.evaluateEvery({ steps: 0 }), () => core.evaluateEvery({ steps: 1, sets: [] })],
  },
  metricsFile: {
    make: () => node.metricsFile(),
    directory: () => mkdtempSync(join(directory, 'run-')),
    refuses: [() => node.metricsFile({ path: '' })],
  },
  blockStatistics: { make: () => core.blockStatistics({ every: 2 }), refuses: [() => core.blockStatistics({ every: 0 })] },
  lesioning: { make: () => core.lesioning({ when: 'always' }), refuses: [() => core.lesioning({ sets: [] })] },
  profiler: {
    make: () => node.profiler({ log: false }),
    directory: () => mkdtempSync(join(directory, 'run-')),
    refuses: [() => node.profiler({ traceSteps: -1 })],
  },
  tensorBoard: {
    make: () => node.tensorBoard(),
    directory: () => mkdtempSync(join(directory, 'run-')),
    refuses: [() => node.tensorBoard({ folder: '' })],
  },
  consoleProgress: { make: () => node.consoleProgress({ stream: silent }), refuses: [() => node.consoleProgress({ interval: -1 })] },
});
