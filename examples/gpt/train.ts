import { trainWordPiece } from '@hookline/bert';
import { clipGradients, createTrainer, evaluateEvery, linearWarmup, uniform } from '@hookline/core';
import { isHeldOutYear, sotuSpeeches } from '@hookline/lab';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { functionLearner, loadEngine, openBlock, parametersFrom } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type GptConfig, gpt, initialGpt } from './model.js';

const [steps = 1000, since = 1980] = process.argv.slice(2).map(Number);
await loadEngine('auto');

// The text: speeches since a year, those of 1980, 2000 and 2020 held out.
const speeches = sotuSpeeches().filter(({ year }) => year >= since);
const tokenizer = trainWordPiece(
  speeches.map(({ text }) => text),
  { vocabSize: 1024 },
);
const context = 64;

/** Rows of tokens, and the same a token later. */
function rowsOf(heldOut: boolean, atMost = Number.POSITIVE_INFINITY) {
  const ids = speeches.filter(({ year }) => isHeldOutYear(year) === heldOut).flatMap(({ text }) => tokenizer.encode(text));
  const rows = Math.min(atMost, Math.floor((ids.length - 1) / context));
  const from = (first: number) => tf.tensor2d(Int32Array.from(ids.slice(first, first + rows * context)), [rows, context], 'int32');
  return { xs: from(0), ys: from(1) };
}

// The model, the learner, the run.
const config: GptConfig = { vocabulary: tokenizer.vocabSize, context, width: 128, heads: 4, layers: 6, dropout: 0.1 };
const parameters = parametersFrom(initialGpt(config, 1));
const forward = gpt(config);
const learner = functionLearner({
  parameters,
  forward,
  loss: 'softmaxCrossEntropy',
  data: { ...rowsOf(false), batchSize: 8 },
  evaluation: { heldOut: { ...rowsOf(true, 64), batchSize: 32 } },
});
const plugins = [
  progressiveLayerDropping({ thetaBar: 0.5 }),
  linearWarmup({ peak: 1e-3, warmup: 0.1 }),
  clipGradients({ norm: 1 }),
  evaluateEvery({ steps: Math.ceil(steps / 2) }),
];
const trainer = createTrainer({ learner, plugins, steps, seed: 1 });
trainer.on('evaluation', ({ step, metrics }) => console.log(`after step ${step}: perplexity ${Math.exp(metrics['loss']!).toFixed(1)}`));
await trainer.run();

// A sentence: the next token by its probability, again and again.
const ids = tokenizer.encode('my fellow americans , we');
for (let i = 0; i < 24; i++) {
  const probabilities = tf.tidy(() => {
    const logits = forward(tf.tensor2d([ids.slice(-context)], undefined, 'int32'), { block: openBlock, get: parameters.get, mode: 'evaluate', seed: [0, 0] });
    return tf.softmax(tf.div(tf.slice(logits, [0, Math.min(ids.length, context) - 1], [1, 1]), 0.7)).dataSync(); // [V]
  });
  let left = uniform(1, 'sample', i, 0);
  const next = probabilities.findIndex((p) => {
    left -= p;
    return left < 0;
  });
  ids.push(Math.max(0, next));
}
console.log(`it says: ${tokenizer.decode(ids)}`);
