import { totalmem } from 'node:os';
import { bertConfig } from '@hookline/bert';
import { HooklineError } from '@hookline/core';
import type { Engine } from '@hookline/tfjs';
import type { TrainingShape } from '../shape.js';
import { inTurns } from './interleave.js';
import { largestThatFits } from './largest-batch.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { memoryOf } from './memory-process.js';
import type { MemoryRun, MemorySetup } from './memory-run.js';
import { benchShape, modelOptions, randomBatches, repeatedBatches } from './shape.js';
import { ratioOf, type Spread, spreadOf } from './spread.js';
import { megabytes } from './text/common.js';
import { torchBert } from './torch-bert.js';

/** Peak resident memory of a contender in bytes, over processes. */
export interface MemoryFigures extends Spread {
  readonly name: string;
  readonly peaks: readonly number[];
  /** What the process held before it had a model, with its engine or library loaded: the median. */
  readonly loaded: number;
}

export interface LargestBatch {
  readonly name: string;
  /** 0 where not even one row fits. */
  readonly batch: number;
  /** Peak at that batch, in bytes. */
  readonly peak: number;
}

export interface BenchMemory {
  readonly kind: 'memory';
  readonly machine: BenchMachine;
  readonly shape: TrainingShape;
  readonly steps: number;
  readonly figures: readonly MemoryFigures[];
  /** Peaks over that of `over`, within rounds. */
  readonly ratios: readonly (Spread & { readonly name: string })[];
  readonly over: string;
  /** Asked for by a limit. */
  readonly largest?: { readonly limit: number; readonly batches: readonly LargestBatch[] };
  readonly torch?: { readonly version: string; readonly threads: number };
}

export interface BenchMemoryOptions {
  /** Default `native`. */
  readonly engine?: MemorySetup['engine'];
  /** Default `benchShape`. */
  readonly shape?: TrainingShape;
  /** Processes of each contender; default 3. */
  readonly rounds?: number;
  /** Training steps in each process; default 8. */
  readonly steps?: number;
  /** A Python with PyTorch, which then takes part. */
  readonly torch?: string;
  /** Bytes that a process may have resident: the largest batch that fits is looked for. */
  readonly limit?: number;
  readonly onRound?: (done: number, of: number) => void;
  /** Told of each batch size tried under the limit. */
  readonly onBatch?: (name: string, batch: number, peak: number) => void;
}

/** Not asked beyond: a batch of so many rows. */
const MOST_ROWS = 4096;

const variants = { dense: 'dense', 'PLD, bernoulli': 'bernoulli', 'PLD, systematic': 'systematic' } as const;

/** One contender in a process of its own. */
type Measure = (shape: TrainingShape, limit?: number) => Promise<Pick<MemoryRun, 'loaded' | 'peak'>>;

/**
 * Peak resident memory of training, by the kernel, each contender in fresh processes of its own, in turns: our BERT dense and with Progressive Layer
 * Dropping at theta 0.5, both ways of drawing, and PyTorch where asked for. The process that calls takes no part, and should be small.
 * @throws HooklineError HOOKLINE_ENGINE_MISSING, HOOKLINE_TORCH, HOOKLINE_BENCH_PROCESS, HOOKLINE_BENCH_LIMIT, HOOKLINE_OPTIONS
 */
export async function benchMemory(options: BenchMemoryOptions = {}): Promise<BenchMemory> {
  const { engine: engineName = 'native', shape = benchShape, rounds = 3, steps = 8, torch: python, limit, onRound, onBatch } = options;
  if (limit !== undefined && limit > totalmem()) {
    throw new HooklineError('HOOKLINE_OPTIONS', `the limit of ${megabytes(limit)} MB is more than this machine has (${megabytes(totalmem())} MB)`, {
      hint: 'give less',
    });
  }
  let engine: Engine | undefined;
  let torch: BenchMemory['torch'];
  const measures = new Map<string, Measure>(
    Object.entries(variants).map(([name, variant]) => [
      name,
      async (at, most) => {
        const run = await memoryOf(name, { variant, engine: engineName, shape: at, steps, ...(most === undefined ? {} : { limit: most }) });
        engine ??= run.engine;
        return run;
      },
    ]),
  );
  if (python !== undefined) {
    measures.set('PyTorch, eager', async (at) => {
      const { batches } = await repeatedBatches(randomBatches(at), 2);
      const config = bertConfig(modelOptions(at));
      const other = await torchBert({ python, mode: 'eager', shape: at, config, batches, learningRate: 1e-4, seed: 0, lean: true });
      try {
        torch = { version: other.version, threads: other.threads };
        for (let step = 0; step < steps; step++) await other.step(step % batches.length);
        return { loaded: other.loaded, peak: await other.peak() };
      } finally {
        await other.dispose();
      }
    });
  }
  const names = [...measures.keys()];
  const seen = names.map((): { loaded: number; peak: number }[] => []);
  await inTurns(names.length, rounds, async (index) => void seen[index]?.push(await (measures.get(names[index] as string) as Measure)(shape)), onRound);
  const figures = names.map((name, i): MemoryFigures => {
    const runs = seen[i] ?? [];
    const peaks = runs.map(({ peak }) => peak);
    return { name, peaks, ...spreadOf(peaks), loaded: spreadOf(runs.map(({ loaded }) => loaded)).median };
  });
  const over = figures.at(python === undefined ? 0 : -1) as MemoryFigures;
  const ratios = figures.filter((one) => one !== over).map(({ name, peaks }) => ({ name, ...ratioOf(peaks, over.peaks) }));

  const batches: LargestBatch[] = [];
  if (limit !== undefined) {
    for (const [name, measure] of measures) {
      const peakOf = async (batchSize: number): Promise<number> => {
        const { peak } = await measure({ ...shape, batchSize }, limit);
        onBatch?.(name, batchSize, peak);
        return peak;
      };
      const seenPeak = figures.find((one) => one.name === name)?.median as number;
      const { n: batch, value: peak } = await largestThatFits(peakOf, limit, MOST_ROWS, { n: shape.batchSize, value: seenPeak });
      batches.push({ name, batch, peak });
    }
    if (batches.every(({ batch }) => batch === 0)) {
      throw new HooklineError('HOOKLINE_BENCH_LIMIT', `not even a batch of 1 fits under ${megabytes(limit)} MB`, {
        hint: 'raise --limit, or give a smaller model',
      });
    }
  }
  return {
    ...{ kind: 'memory' as const, machine: benchMachine(engine as Engine), shape, steps, figures, ratios, over: over.name },
    ...(limit === undefined ? {} : { largest: { limit, batches } }),
    ...(torch ? { torch } : {}),
  };
}
