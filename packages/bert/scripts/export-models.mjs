// Writes small models of every kind that is exported, with random weights, and beside each the logits that hookline computes with it.
// usage: node packages/bert/scripts/export-models.mjs DIRECTORY      then: python packages/bert/scripts/check_transformers.py DIRECTORY
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bertConfig, bertModel, encode, initializeBert, maskedLogits, nextSentenceLogits, openBlock, pool, wordPiece } from '@hookline/bert';
import { readPretrained, writePretrained } from '@hookline/bert/node';
import { linear, loadEngine } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';

const directory = process.argv[2];
if (!directory) throw new Error('usage: node export-models.mjs DIRECTORY');

const words = 'the state of union is strong and free people work for peace law land year nation our we have will be to in a'.split(' ');
const tokenizer = wordPiece(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words, '##s', '##ly', '.', ',']);
const texts = [
  ['The state of the [MASK] is strong.', undefined],
  ['We have peace, and the law of the land', 'our nations will be free'],
  ['people', undefined],
];
const maxLength = 24;
const encoded = texts.map(([a, b]) => tokenizer.encodeInput(a, b, { maxLength, pad: true }));

/** LayerNorm gains and biases of a new model are ones and zeros, which hide a wrong place: every number becomes random. */
function scrambled(tensors) {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { shape, data: data.map((value) => value + 0.3 * random()) }]));
}

function logitsOf(model, head) {
  const flat = (key) =>
    tf.tensor1d(
      encoded.flatMap((one) => one[key]),
      'int32',
    );
  const attentionMask = tf.tensor2d(
    encoded.map((one) => one.attentionMask),
    undefined,
    'float32',
  );
  const input = { inputIds: flat('ids'), tokenTypeIds: flat('tokenTypeIds'), attentionMask };
  const hidden = encode(model, input, openBlock, { mode: 'evaluate', seed: [0, 0] });
  const every = tf.range(0, texts.length * maxLength, 1, 'int32');
  const masked = () => tf.reshape(maskedLogits(model, hidden, every), [texts.length, maxLength, -1]).arraySync();
  const pooled = () => pool(model, hidden, texts.length);
  switch (head) {
    case 'mlm':
      return { logits: masked() };
    case 'pretraining':
      return { prediction_logits: masked(), seq_relationship_logits: nextSentenceLogits(model, hidden, texts.length).arraySync() };
    case 'classifier':
      return { logits: linear(pooled(), model.parameters.get('classifier.weight'), model.parameters.get('classifier.bias')).arraySync() };
    default:
      return { last_hidden_state: tf.reshape(hidden, [texts.length, maxLength, -1]).arraySync(), pooler_output: pooled().arraySync() };
  }
}

const kinds = [...['post', 'pre'].flatMap((norm) => ['none', 'mlm', 'classifier', 'score'].map((kind) => [norm, kind])), ['post', 'pretraining']];
await loadEngine('wasm');
for (const [norm, kind] of kinds) {
  const head = kind === 'score' ? 'classifier' : kind;
  const labels = { classifier: { names: ['no', 'perhaps', 'yes'] }, score: { names: ['score'], regression: true } }[kind];
  const config = bertConfig({
    norm,
    hiddenSize: 32,
    numHiddenLayers: 3,
    numAttentionHeads: 4,
    vocabSize: tokenizer.vocabSize,
    maxPositionEmbeddings: maxLength,
    layerNormEps: 1e-6,
  });
  const heads = { mlm: head === 'mlm' || head === 'pretraining', nsp: head === 'pretraining', pooler: head === 'none', labels: labels?.names.length ?? 0 };
  const folder = join(directory, `${norm}-${kind}`);
  await writePretrained(folder, { config, tensors: scrambled(initializeBert(config, 1, { heads })), tokenizer, head, ...(labels ? { labels } : {}) });
  const read = await readPretrained(folder);
  const model = bertModel(read.config, read.tensors, { ...read.heads, labels: read.heads.labels ?? 0 });
  const outputs = tf.tidy(() => logitsOf(model, head));
  model.dispose();
  writeFileSync(join(folder, 'hookline.json'), JSON.stringify({ texts, maxLength, ids: encoded.map((one) => one.ids), outputs }));
  console.log(folder);
}
