import { HooklineError, type NamedTensor, type Tensors, uniform } from '@hookline/core';
import type { BertConfig } from './config.js';
import { type BertHeads, decoderBias, parameterShapes } from './parameters.js';

export interface InitializeOptions {
  readonly heads?: BertHeads;
  /** How often each token occurs in the training text, [vocabSize]: the decoder's bias then begins as the log of its share. */
  readonly unigram?: ArrayLike<number>;
}

/**
 * Standard normal draws, redrawn beyond two deviations, by Box and Muller's transform. Draw i of a stream depends on nothing but
 * (seed, stream, i).
 */
function truncatedNormal(seed: number, stream: string, size: number, deviation: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => {
    for (let attempt = 0; ; attempt++) {
      const radius = Math.sqrt(-2 * Math.log(1 - uniform(seed, stream, attempt, 2 * i)));
      const normal = radius * Math.cos(2 * Math.PI * uniform(seed, stream, attempt, 2 * i + 1));
      if (Math.abs(normal) <= 2) return deviation * normal;
    }
  });
}

/**
 * log((n + 1) / Σ(n + 1)) of the counts n: the best prediction that uses no context, smoothed so that unseen tokens stay finite.
 * A model that begins here need not spend its first hundreds of steps on learning which words are common.
 */
export function logUnigram(counts: ArrayLike<number>): Float32Array {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i]! + 1;
  return Float32Array.from({ length: counts.length }, (_, i) => Math.log((counts[i]! + 1) / total));
}

/**
 * Initial weights as BERT's: matrices and embeddings from a normal distribution truncated at two deviations (deviation
 * `initializerRange` before truncation, as google-research/bert; Hugging Face does not truncate), biases 0, LayerNorm gains 1.
 * Keyed by name, so that one layer's weights do not depend on how many others there are.
 * @returns tensors by Hugging Face's names
 * @throws HooklineError HOOKLINE_UNIGRAM where the counts do not fit the vocabulary
 */
export function initializeBert(config: BertConfig, seed: number, options: InitializeOptions = {}): Tensors {
  const { unigram } = options;
  if (unigram && unigram.length !== config.vocabSize) {
    throw new HooklineError('HOOKLINE_UNIGRAM', `${unigram.length} token counts do not fit a vocabulary of ${config.vocabSize}`, {
      hint: 'count the tokens of the same vocabulary',
    });
  }
  const entries = Object.entries(parameterShapes(config, options.heads)).map(([name, shape]): [string, NamedTensor] => {
    const size = shape.reduce((a, b) => a * b, 1);
    if (name === decoderBias && unigram) return [name, { shape, data: logUnigram(unigram) }];
    if (name.endsWith('bias')) return [name, { shape, data: new Float32Array(size) }];
    if (/(LayerNorm|layer_norm)\.weight$/.test(name)) return [name, { shape, data: new Float32Array(size).fill(1) }];
    return [name, { shape, data: truncatedNormal(seed, `initialize/${name}`, size, config.initializerRange) }];
  });
  return Object.fromEntries(entries);
}
