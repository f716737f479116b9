import { type BertConfig, initializeBert, type PretrainingBatch, pretrainingRecipe } from '@hookline/bert';
import type { NamedTensor } from '@hookline/core';
import type { TrainingShape } from '../shape.js';
import { stepProducts } from './products.js';
import { type TorchModel, torchProcess } from './torch-process.js';

export interface TorchOptions {
  /** A Python that has PyTorch. */
  readonly python: string;
  readonly mode: 'eager' | 'compile';
  readonly shape: TrainingShape;
  readonly config: BertConfig;
  readonly batches: readonly PretrainingBatch[];
  readonly learningRate: number;
  readonly seed: number;
  /** Keeps nothing that training does not need, so that its memory can be measured: it can do steps only. Default false. */
  readonly lean?: boolean;
  /** Default: the script that comes with this package. */
  readonly script?: string;
}

const ints = (data: Int32Array): NamedTensor => ({ shape: [data.length], data });

/** The tensors of a batch under its number; masked positions as rows of [B·S, H]. */
const batchTensors = (batch: PretrainingBatch, index: number): [string, NamedTensor][] => [
  [`${index}.inputIds`, ints(batch.inputIds)],
  [`${index}.tokenTypeIds`, ints(batch.tokenTypeIds)],
  [`${index}.rows`, ints(batch.maskedPositions.map((position, i) => Math.floor(i / batch.maskedPerRow) * batch.sequenceLength + position))],
  [`${index}.labels`, ints(batch.maskedIds)],
];

/**
 * The same BERT in PyTorch on the same initial weights, batches and recipe. It runs at its best: all threads, fused attention, the quicker of AdamW's
 * fused and foreach forms, logits of the masked positions only, gradients set to none.
 * @throws HooklineError HOOKLINE_TORCH
 */
export function torchBert(options: TorchOptions): Promise<TorchModel> {
  const { python, mode, shape, config, batches, learningRate, seed, lean = false, script = 'torch_step.py' } = options;
  const { betas, epsilon, weightDecay, clipNorm } = pretrainingRecipe(config);
  return torchProcess({
    ...{ python, mode, script, lean },
    weights: initializeBert(config, seed, { heads: { nsp: false } }),
    batches: Object.fromEntries(batches.flatMap(batchTensors)),
    recipe: { learningRate, betas, epsilon, weightDecay, clipNorm },
    setup: {
      shape: { ...shape, layerNormEps: config.layerNormEps },
      products: (lean ? [] : stepProducts(shape)).map(({ count, batch, m, k, n }) => [count, batch, m, k, n]),
    },
  });
}
