import type { BertConfig } from '@hookline/bert';
import type { NamedTensor, Tensors } from '@hookline/core';
import type { FineTuningBatch } from '@hookline/glue';
import { type TorchModel, type TorchRecipe, torchProcess } from './torch-process.js';

export interface TorchClassifierOptions {
  /** A Python that has PyTorch. */
  readonly python: string;
  /** PostLN. */
  readonly config: BertConfig;
  /** Weights by Hugging Face's names, the classifier's among them. */
  readonly weights: Tensors;
  readonly kind: 'classes' | 'number';
  readonly batches: readonly FineTuningBatch[];
  readonly recipe: TorchRecipe;
  /** Default: the script that comes with this package. */
  readonly script?: string;
}

/** The tensors of a batch under its number. */
function batchTensors({ batchSize, sequenceLength, ...batch }: FineTuningBatch, index: number): [string, NamedTensor][] {
  const shape = [batchSize, sequenceLength];
  return [
    [`${index}.inputIds`, { shape, data: batch.inputIds }],
    [`${index}.tokenTypeIds`, { shape, data: batch.tokenTypeIds }],
    [`${index}.attentionMask`, { shape, data: batch.attentionMask }],
    [`${index}.targets`, { shape: [batchSize, batch.targets.length / batchSize], data: batch.targets }],
  ];
}

/**
 * A BERT with a classifier in PyTorch, on the same weights, batches and recipe: eager, fused attention, query, key and value in one product.
 * @throws HooklineError HOOKLINE_TORCH
 */
export function torchClassifier(options: TorchClassifierOptions): Promise<TorchModel> {
  const { python, config, weights, kind, batches, recipe, script = 'torch_finetune.py' } = options;
  return torchProcess({
    ...{ python, mode: 'eager', script, weights, recipe },
    batches: Object.fromEntries(batches.flatMap(batchTensors)),
    setup: { shape: config, outputs: weights['classifier.bias']!.shape[0], kind },
  });
}
