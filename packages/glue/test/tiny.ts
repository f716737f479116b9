import { bertConfig, initializeBert, wordPiece } from '@hookline/bert';
import type { PretrainedModel } from '../src/fine-tuning/classifier-weights.js';
import type { Example, TextTask } from '../src/tasks/task.js';

const words = ['good', 'fine', 'great', 'bad', 'awful', 'poor', 'the', 'film', 'was', 'very', 'a', 'story', '.'];

/** A model of two blocks of width 8, with random weights, large ones so that it learns in few steps, and a vocabulary of a few words. */
export function tinyModel(norm: 'pre' | 'post' = 'pre'): PretrainedModel {
  const tokenizer = wordPiece(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words]);
  const config = bertConfig({
    norm,
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 8,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 16,
    initializerRange: 0.3,
  });
  return { config, tokenizer, tensors: initializeBert(config, 0, { heads: { nsp: false } }) };
}

export const sentimentTask: TextTask = { name: 'sentiment', texts: 1, target: { kind: 'classes', labels: ['negative', 'positive'] }, metrics: ['accuracy'] };

/** Sentences of three to eight words: two that say nothing, and one again and again that decides the label. */
export const sentiments = (count: number): readonly Example[] =>
  Array.from({ length: count }, (_, index): Example => {
    const label = (index * 7 + (index >> 2)) % 2;
    const telling = words[(label === 1 ? 0 : 3) + (index % 3)]!;
    const filler = [words[6 + (index % 6)]!, words[6 + ((index + 1) % 6)]!];
    return { index, texts: [[...filler, ...new Array<string>(1 + (index % 6)).fill(telling)].join(' ')], label };
  });
