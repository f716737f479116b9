import { join } from 'node:path';
import { bertConfig, initializeBert, trainWordPiece } from '@hookline/bert';
import { createTrainer, evaluateEvery, linearWarmup } from '@hookline/core';
import { fineTuning } from '@hookline/glue';
import { readLabelled } from '@hookline/glue/node';
import { progressiveLayerDropping } from '@hookline/pld-plugin';
import { openBlock } from '@hookline/tfjs';

const here = join(import.meta.dirname, '..', '..', 'reviews');
const train = await readLabelled(join(here, 'train.tsv'), { text: 'sentence', label: 'label' });
const dev = await readLabelled(join(here, 'dev.tsv'), { text: 'sentence', label: 'label', task: train.task });

// A small model from nothing, so that the example needs no download: with real weights, `readPretrained` gives the same three.
const tokenizer = trainWordPiece(
  train.examples.map(({ texts }) => texts[0]),
  { vocabSize: 400 },
);
const config = bertConfig({ vocabSize: tokenizer.vocabSize, hiddenSize: 64, numHiddenLayers: 2, maxPositionEmbeddings: 32, initializerRange: 0.1 });
const model = { config, tokenizer, tensors: initializeBert(config, 0) };

const learner = await fineTuning({ task: train.task, model, train, evaluation: { dev }, engine: 'wasm' });
const plugins = [progressiveLayerDropping({ thetaBar: 0.9 }), linearWarmup({ peak: 2e-3, warmup: 0.1 }), evaluateEvery({ steps: 16 })];
const trainer = createTrainer({ learner, plugins, epochs: 10, seed: 1 });
trainer.on('evaluation', ({ step, metrics }) => console.log(`after step ${step}: accuracy ${metrics['accuracy']!.toFixed(3)}`));
await trainer.run();

const [said] = await learner.predict([{ index: 0, texts: ['the coffee was wonderful and we would come back'], label: undefined }], openBlock);
console.log(`a new sentence: ${['complaint', 'praise'][said!.value]}`);
