import { HooklineError, parseOptions } from '@hookline/core';
import * as z from 'zod';

/** Layers and width of Google's small BERTs and of BERT base (Turc et al. 2019, Devlin et al. 2019). */
export const bertSizes = {
  tiny: { numHiddenLayers: 2, hiddenSize: 128 },
  mini: { numHiddenLayers: 4, hiddenSize: 256 },
  small: { numHiddenLayers: 4, hiddenSize: 512 },
  medium: { numHiddenLayers: 8, hiddenSize: 512 },
  base: { numHiddenLayers: 12, hiddenSize: 768 },
} as const;

export type BertSize = keyof typeof bertSizes;

const positive = z.int().min(1);
const probability = z.number().min(0).lt(1);

/** Options of `bertConfig`: Hugging Face's names in camel case, and `size` and `norm`. */
export const bertConfigOptions = z.strictObject({
  /** Sets numHiddenLayers and hiddenSize where they are not given; default `mini`. */
  size: z.enum(['tiny', 'mini', 'small', 'medium', 'base']).optional(),
  /** Where LayerNorm sits: before each branch with one more after the last block (`pre`, the default), or after each sum (`post`, the original). */
  norm: z.enum(['pre', 'post']).optional(),
  vocabSize: positive.optional(),
  hiddenSize: positive.optional(),
  /** 0 is allowed: embeddings and head alone, a control for the others. */
  numHiddenLayers: z.int().min(0).optional(),
  /** Default hiddenSize / 64, at least 1. */
  numAttentionHeads: positive.optional(),
  /** Default 4 · hiddenSize. */
  intermediateSize: positive.optional(),
  hiddenAct: z.literal('gelu').optional(),
  /** Dropout of embeddings and branch outputs, default 0.1. */
  hiddenDropoutProb: probability.optional(),
  /** Dropout of attention probabilities, default 0.1. */
  attentionProbsDropoutProb: probability.optional(),
  maxPositionEmbeddings: positive.optional(),
  typeVocabSize: positive.optional(),
  /** Standard deviation of initial weights before truncation, default 0.02. */
  initializerRange: z.number().positive().optional(),
  layerNormEps: z.number().positive().optional(),
});

export type BertConfigOptions = z.input<typeof bertConfigOptions>;

/** A complete configuration: every number is decided. */
export interface BertConfig {
  readonly norm: 'pre' | 'post';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly hiddenAct: 'gelu';
  readonly hiddenDropoutProb: number;
  readonly attentionProbsDropoutProb: number;
  readonly maxPositionEmbeddings: number;
  readonly typeVocabSize: number;
  readonly initializerRange: number;
  readonly layerNormEps: number;
}

/**
 * Completes and checks a configuration. Numbers win over `size`; what is not given has BERT's default.
 * @throws HooklineError HOOKLINE_BERT_CONFIG that names the option
 */
export function bertConfig(options: BertConfigOptions = {}): BertConfig {
  const given = parseOptions('BERT configuration', bertConfigOptions, options, 'HOOKLINE_BERT_CONFIG');
  const size = bertSizes[given.size ?? 'mini'];
  const hiddenSize = given.hiddenSize ?? size.hiddenSize;
  const numAttentionHeads = given.numAttentionHeads ?? Math.max(1, Math.floor(hiddenSize / 64));
  if (hiddenSize % numAttentionHeads !== 0) {
    throw new HooklineError('HOOKLINE_BERT_CONFIG', `hiddenSize ${hiddenSize} is no multiple of numAttentionHeads ${numAttentionHeads}`, {
      hint: `give numAttentionHeads a divisor of ${hiddenSize}`,
    });
  }
  return Object.freeze({
    norm: given.norm ?? 'pre',
    vocabSize: given.vocabSize ?? 30522,
    hiddenSize,
    numHiddenLayers: given.numHiddenLayers ?? size.numHiddenLayers,
    numAttentionHeads,
    intermediateSize: given.intermediateSize ?? 4 * hiddenSize,
    hiddenAct: 'gelu',
    hiddenDropoutProb: given.hiddenDropoutProb ?? 0.1,
    attentionProbsDropoutProb: given.attentionProbsDropoutProb ?? 0.1,
    maxPositionEmbeddings: given.maxPositionEmbeddings ?? 512,
    typeVocabSize: given.typeVocabSize ?? 2,
    initializerRange: given.initializerRange ?? 0.02,
    layerNormEps: given.layerNormEps ?? 1e-12,
  });
}
