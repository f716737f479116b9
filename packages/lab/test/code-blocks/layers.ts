/** What docs/layers.md shows, on a small residual network. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { checkpoints, clipGradients, createTrainer, evaluateEvery, memoryStore } from '@hookline/core';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { gatingCallback, layersLearner, loadEngine, residualBlocks } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

await loadEngine('cpu');

function network(): tfl.LayersModel {
  const input = tfl.input({ shape: [4] });
  let x = tfl.layers.dense({ units: 6, activation: 'relu' }).apply(input) as tfl.SymbolicTensor;
  for (const i of [0, 1, 2, 3]) {
    const normed = tfl.layers.batchNormalization().apply(x) as tfl.SymbolicTensor;
    const branch = tfl.layers.dense({ units: 6, activation: 'relu' }).apply(normed) as tfl.SymbolicTensor;
    x = tfl.layers.add({ name: `block_${i}` }).apply([x, branch]) as tfl.SymbolicTensor;
  }
  return tfl.model({ inputs: input, outputs: tfl.layers.dense({ units: 3, activation: 'softmax' }).apply(x) as tfl.SymbolicTensor });
}

const model = network();
model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
const xs = tf.randomNormal([40, 4]);
const ys = tf.tidy(() => tf.cast(tf.oneHot(tf.argMax(tf.slice(xs, [0, 0], [40, 3]), 1), 3), 'float32'));
const [validationXs, validationYs] = [xs, ys];
const store = memoryStore();

console.table(residualBlocks(model));
deepStrictEqual(
  residualBlocks(model).map(({ name }) => name),
  ['block_0', 'block_1', 'block_2', 'block_3'],
);

await model.fit(xs, ys, { epochs: 5, callbacks: gatingCallback(model, progressiveLayerDropping({ thetaBar: 0.5 })), verbose: 0 });

const learner = layersLearner(model, { data: { xs, ys, batchSize: 8 }, evaluation: { validation: { xs: validationXs, ys: validationYs } } });
const trainer = createTrainer({
  learner,
  plugins: [progressiveLayerDropping({ thetaBar: 0.5 }), clipGradients({ norm: 1 }), evaluateEvery({ steps: 10 }), checkpoints({ every: 10 })],
  epochs: 5,
  store,
});
const { metrics } = await trainer.run();
console.log(metrics['validation']); // { loss, acc }
learner.dispose(); // the model stays, with the trained weights
const predicted = model.predict(xs) as tf.Tensor;

deepStrictEqual(Object.keys(metrics['validation'] ?? {}), ['loss', 'acc']);
deepStrictEqual(predicted.shape, [40, 3]);
ok(store.saved.length > 0);
