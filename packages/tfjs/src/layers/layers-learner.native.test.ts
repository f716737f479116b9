/** Models of tf.layers train compiled as model.fit trains them op by op. */
import { createTrainer, during, evaluateEvery, mergeGates, type Plugin, weightAveraging } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, expect, it, vi } from 'vitest';
import { compileStatistics, setCompiling } from '../compile/index.js';
import { loadEngine } from '../engines/index.js';
import { countKernels } from '../kernels.js';
import { residualCnn, type TrainedModel, transformer } from './fixtures/trained-models.js';
import { gatingCallback, layersLearner, layerWeights } from './index.js';

await loadEngine('native');
const refusals = vi.spyOn(console, 'warn');
afterEach(() => {
  expect(refusals.mock.calls).toEqual([]);
});

const inTurn: Plugin = {
  name: 'in-turn',
  onStep: during('begin', (step) => ({
    ...step,
    gates: mergeGates(
      step.gates,
      step.gates.map((gate, i) => ({ ...gate, active: (step.index + i) % 3 !== 0, gain: step.index % 3 === 0 ? 2 : 1 })),
    ),
  })),
};

const close = (found: Iterable<number>, expected: readonly number[], relative = 1e-4) => {
  for (const [i, value] of [...found].entries())
    expect(Math.abs(value - (expected[i] as number))).toBeLessThan(relative * Math.max(0.01, Math.abs(expected[i] as number)));
};

const weights = ({ model }: TrainedModel) => [...layerWeights(model)].map(([name, { variable }]) => [name, [...variable.read().dataSync()]] as const);

it.each<[string, () => TrainedModel, () => tf.Optimizer, boolean]>([
  ['a residual CNN', () => residualCnn({ depth: 2 }), () => tf.train.momentum(0.02, 0.8), true],
  ['a transformer', () => transformer({ layers: 1 }), () => tf.train.adam(0.003), false],
])('%s: dense within 1e-4 of model.fit over 50 steps, and with blocks left out, moving averages included', async (_, make, optimizer, gates) => {
  const dense = [51, [] as readonly Plugin[]] as const;
  const gated = [12, [inTurn]] as const;
  for (const [steps, plugins] of gates ? [dense, gated] : [dense]) {
    const [one, other] = [make(), make()];
    const losses: number[] = [];
    const ear = new tfl.CustomCallback({ onBatchEnd: async (_, logs) => void losses.push(logs?.['loss'] as number) });
    one.model.compile({ optimizer: optimizer(), loss: one.loss });
    const callbacks = [gatingCallback(one.model, ...plugins), ear];
    await one.model.fit(one.xs, one.ys, { epochs: steps / 3, batchSize: 2, shuffle: false, verbose: 0, callbacks });
    other.model.compile({ optimizer: optimizer(), loss: other.loss });
    const learner = layersLearner(other.model, { data: { xs: other.xs, ys: other.ys, batchSize: 2, shuffle: false } });
    const before = compileStatistics().replays;
    const own: number[] = [];
    const trainer = createTrainer({ learner, plugins, steps });
    trainer.on('step', ({ loss }) => void own.push(loss));
    await trainer.run();
    expect(compileStatistics().replays - before).toBeGreaterThan(steps * 4); // stem, a block, head, losses
    close(own, losses);
    const expected = weights(one);
    for (const [i, [name, values]] of weights(other).entries()) {
      expect(name).toBe(expected[i]?.[0]);
      close(values, expected[i]?.[1] as number[], 5e-3);
    }
    learner.dispose();
  }
});

it('a step without half of the blocks runs what a step of a model that does not have them runs', async () => {
  const counted = async ({ model, xs, ys, loss }: TrainedModel, closed: readonly string[]) => {
    const learner = layersLearner(model, { loss, optimizer: tf.train.rmsprop(0.01), data: { xs, ys, shuffle: false } });
    const closing: Plugin = {
      name: 'close',
      onStep: during('begin', (at) => ({ ...at, gates: at.gates.map((gate) => (closed.includes(gate.name) ? { ...gate, active: false } : gate)) })),
    };
    let counter: ReturnType<typeof countKernels> | undefined;
    let kernels: ReturnType<ReturnType<typeof countKernels>['stop']> = {};
    const watching: Plugin = {
      name: 'watching',
      stage: -100,
      onStep: during('begin', (step) => {
        if (step.index === 3) counter = countKernels(); // recorded and compared by then
        if (step.index === 4) kernels = counter?.stop() ?? {};
        return step;
      }),
    };
    await createTrainer({ learner, plugins: [closing, watching], steps: 5 }).run();
    learner.dispose();
    return kernels;
  };
  const expected = await counted(residualCnn({ depth: 3, kept: [0, 2] }), []);
  expect(expected['Conv2D']).toBe(5);
  expect(await counted(residualCnn({ depth: 3 }), ['block1'])).toEqual(expected);
});

it('evaluates averaged weights and draws dropout as it does op by op', async () => {
  const run = async (compiled: boolean) => {
    setCompiling(compiled);
    const seeded = (seed: number) => tfl.initializers.glorotUniform({ seed });
    const input = tfl.input({ shape: [4] });
    const shared = tfl.layers.dense({ name: 'shared', units: 4, activation: 'tanh', kernelInitializer: seeded(1) });
    let x = shared.apply(input) as tfl.SymbolicTensor;
    for (const i of [0, 1]) {
      const inside = tfl.layers.dropout({ rate: 0.5 }).apply(shared.apply(x)) as tfl.SymbolicTensor;
      x = tfl.layers
        .add({ name: `block${i}` })
        .apply([x, tfl.layers.batchNormalization({ name: `norm${i}` }).apply(inside) as tfl.SymbolicTensor]) as tfl.SymbolicTensor;
    }
    const head = tfl.layers.dense({ name: 'head', units: 1, kernelInitializer: seeded(2) });
    const model = tfl.model({ inputs: input, outputs: head.apply(tfl.layers.dropout({ rate: 0.25 }).apply(x)) as tfl.SymbolicTensor });
    const xs = tf.randomNormal([12, 4], 0, 1, 'float32', 3);
    const ys = tf.randomNormal([12, 1], 0, 1, 'float32', 4);
    const learner = layersLearner(model, { loss: 'meanSquaredError', optimizer: 'adam', data: { xs, ys, batchSize: 4 }, evaluation: { dev: { xs, ys } } });
    const losses: number[] = [];
    const trainer = createTrainer({ learner, plugins: [weightAveraging({ decay: 0.9 }), evaluateEvery({ steps: 3 })], steps: 9, learningRate: 0.05 });
    trainer.on('step', ({ loss }) => void losses.push(loss));
    trainer.on('evaluation', ({ metrics }) => void losses.push(metrics['loss'] as number));
    await trainer.run();
    learner.dispose();
    setCompiling(true);
    return losses;
  };
  const plain = await run(false);
  close(await run(true), plain);
  expect(new Set(plain).size).toBe(12);
});
