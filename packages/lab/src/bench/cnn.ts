import { compileStatistics, loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { AGREEMENT_STEPS, checkAgreement } from './agreement.js';
import { interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { type CnnBatch, type CnnShape, type ResidualCnn, residualCnn } from './residual-cnn.js';
import { ratioOf, type Spread } from './spread.js';

export interface BenchCnn {
  readonly kind: 'cnn';
  readonly machine: BenchMachine;
  readonly shape: CnnShape;
  /** Compiled, and op by op. */
  readonly timings: readonly Timing[];
  /** Compiled over op by op, within rounds. */
  readonly compiledOverPlain: Spread;
  /** Graphs that the compiled one runs; 0 where the engine compiles nothing. */
  readonly graphs: number;
  /** Largest relative difference of losses over the steps before the timing. */
  readonly lossDifference: number;
}

export interface BenchCnnOptions {
  /** Default `native`; others compile nothing. */
  readonly engine?: 'auto' | 'wasm' | 'cpu' | 'native';
  /** Default `cnnShape`. */
  readonly shape?: CnnShape;
  /** Default 11. */
  readonly rounds?: number;
  /** Default 3. */
  readonly warmup?: number;
  readonly onRound?: (done: number, of: number) => void;
}

/** A small ResNet on images of 32 by 32: 13 convolutions in six blocks and their entries, 16 images a batch. */
export const cnnShape: CnnShape = { batchSize: 16, size: 32, filters: [32, 64, 128], blocksPerStage: 2, classes: 10 };

function randomImages({ batchSize, size, classes }: CnnShape): CnnBatch {
  const images = tf.randomUniform([batchSize, size, size, 3], 0, 1, 'float32', 1);
  const labels = tf.tidy(() =>
    tf.cast(
      tf.oneHot(
        tf.tensor1d(
          Array.from({ length: batchSize }, (_, i) => i % classes),
          'int32',
        ),
        classes,
      ),
      'float32',
    ),
  );
  return { images, labels };
}

/**
 * Times a training step of a residual CNN of `tf.layers`, its parts given to `compile` by hand, against the same op by op, in turns, once the losses of both
 * were seen to agree.
 * @throws HooklineError HOOKLINE_ENGINE_MISSING, HOOKLINE_BENCH_DISAGREES
 */
export async function benchCnn({ engine: name = 'native', shape = cnnShape, rounds = 11, warmup = 3, onRound }: BenchCnnOptions = {}): Promise<BenchCnn> {
  const engine = await loadEngine(name);
  const before = compileStatistics().graphs;
  const batch = randomImages(shape);
  const models: ResidualCnn[] = [];
  try {
    for (const compiled of [true, false]) models.push(residualCnn(shape, { compiled }));
    const [compiled, plain] = models as [ResidualCnn, ResidualCnn];
    const losses = models.map((model) => Array.from({ length: AGREEMENT_STEPS }, () => model.step(batch)));
    const lossDifference = checkAgreement('the same op by op', losses[0] as number[], losses[1] as number[]);
    const contenders = [
      { name: 'compiled', run: async () => void compiled.step(batch) },
      { name: 'op by op', run: async () => void plain.step(batch) },
    ];
    const timings = await interleaved(contenders, { rounds, warmup, onRound });
    const [first, second] = timings as readonly [Timing, Timing];
    const graphs = compileStatistics().graphs - before;
    return { kind: 'cnn', machine: benchMachine(engine), shape, timings, compiledOverPlain: ratioOf(first.times, second.times), graphs, lossDifference };
  } finally {
    for (const model of models) model.dispose();
    tf.dispose([batch.images, batch.labels]);
  }
}
