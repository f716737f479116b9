import { during, type Plugin } from '@hookline/core';
import { layersLearner, loadEngine, withStockMatMul } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { type ClockName, clocks, interleaved, type Timing } from './interleave.js';
import { type BenchMachine, benchMachine } from './machine.js';
import { ratioOf, type Spread } from './spread.js';
import { type SteppedTrainer, steppedTrainer } from './stepped-trainer.js';

/** A residual network of dense layers, in numbers. */
export interface LayersShape {
  readonly batchSize: number;
  /** Numbers an example. */
  readonly width: number;
  /** Units of the first of a block's two dense layers. */
  readonly inner: number;
  /** An even number. */
  readonly blocks: number;
}

export interface BenchLayers {
  readonly kind: 'layers';
  readonly machine: BenchMachine;
  readonly clock: ClockName;
  readonly shape: LayersShape;
  /** All blocks open, every second one closed, a model built with half of them; on wasm, all blocks open on products as TensorFlow.js has them. */
  readonly timings: readonly Timing[];
  /** Half closed over built with half, within rounds: 1 is a block that costs nothing when it is closed. */
  readonly closedOverBuilt: Spread;
  /** On wasm: all blocks open on TensorFlow.js's own products over the same on ours. */
  readonly stockOverOurs?: Spread;
}

export interface BenchLayersOptions {
  /** Default `wasm`. */
  readonly engine?: 'auto' | 'wasm' | 'cpu' | 'native';
  /** Default `layersShape`. */
  readonly shape?: LayersShape;
  /** Default 15. */
  readonly rounds?: number;
  /** Default 4. */
  readonly warmup?: number;
  /** Default `wall`. */
  readonly clock?: ClockName;
  readonly onRound?: (done: number, of: number) => void;
}

export const layersShape: LayersShape = { batchSize: 128, width: 256, inner: 1024, blocks: 8 };

/** Closes every second block. */
const alternate: Plugin = {
  name: 'bench-alternate',
  onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate, i) => (i % 2 === 1 ? { ...gate, active: false } : gate)) })),
};

function network({ width, inner, blocks }: LayersShape): tfl.LayersModel {
  const initializer = (seed: number) => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed }) });
  const input = tfl.input({ shape: [width] });
  let x = tfl.layers.dense({ units: width, ...initializer(1) }).apply(input) as tfl.SymbolicTensor;
  for (let i = 0; i < blocks; i++) {
    const up = tfl.layers.dense({ units: inner, activation: 'relu', ...initializer(2 * i + 2) }).apply(x) as tfl.SymbolicTensor;
    const down = tfl.layers.dense({ units: width, ...initializer(2 * i + 3) }).apply(up) as tfl.SymbolicTensor;
    x = tfl.layers.add().apply([x, down]) as tfl.SymbolicTensor;
  }
  return tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 1, ...initializer(0) }).apply(x) as tfl.SymbolicTensor });
}

/**
 * Times a training step of a `tf.layers` model with half of its blocks closed against a model built with the other half, in turns: whether a closed block
 * costs nothing. On wasm also against the same model on TensorFlow.js's own products.
 * @throws HooklineError HOOKLINE_ENGINE_MISSING
 */
export async function benchLayers({
  engine: name = 'wasm',
  shape = layersShape,
  rounds = 15,
  warmup = 4,
  clock = 'wall',
  onRound,
}: BenchLayersOptions = {}): Promise<BenchLayers> {
  const engine = await loadEngine(name);
  const half = shape.blocks / 2;
  const xs = tf.randomNormal([shape.batchSize, shape.width], 0, 1, 'float32', 1);
  const ys = tf.randomNormal([shape.batchSize, 1], 0, 1, 'float32', 2);
  const models: tfl.LayersModel[] = [];
  const trainers: SteppedTrainer[] = [];
  const trainer = (blocks: number, plugins: readonly Plugin[]): SteppedTrainer => {
    const model = network({ ...shape, blocks });
    models.push(model);
    const learner = layersLearner(model, { loss: 'meanSquaredError', optimizer: 'adam', data: { xs, ys, batchSize: shape.batchSize } });
    const made = steppedTrainer(learner, { learningRate: 1e-4, seed: 0, plugins });
    trainers.push(made);
    return made;
  };
  try {
    const open = trainer(shape.blocks, []);
    const closed = trainer(shape.blocks, [alternate]);
    const built = trainer(half, []);
    const all = `${shape.blocks} of ${shape.blocks} blocks`;
    const contenders = [
      { name: all, run: async () => void (await open.step()) },
      { name: `${half} of ${shape.blocks} blocks`, run: async () => void (await closed.step()) },
      { name: `built with ${half}`, run: async () => void (await built.step()) },
      ...(engine.name === 'wasm' ? [{ name: `${all}, stock products`, run: async () => void (await withStockMatMul(() => open.step())) }] : []),
    ];
    const timings = await interleaved(contenders, { rounds, warmup, clock: clocks[clock], onRound });
    const [ours, ofClosed, ofBuilt, stock] = timings as readonly [Timing, Timing, Timing, Timing?];
    return {
      kind: 'layers',
      machine: benchMachine(engine),
      clock,
      shape,
      timings,
      closedOverBuilt: ratioOf(ofClosed.times, ofBuilt.times),
      ...(stock ? { stockOverOurs: ratioOf(stock.times, ours.times) } : {}),
    };
  } finally {
    for (const one of trainers) await one.dispose();
    for (const model of models) model.dispose();
    tf.dispose([xs, ys]);
  }
}
