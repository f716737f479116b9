import { clipGradients, linearWarmup, type Plugin } from '@hookline/core';
import type { BertConfig } from '../model/config.js';

/** Numbers of a training recipe. */
export interface PretrainingRecipe {
  readonly optimizer: 'adamw' | 'lamb';
  /** Peak learning rate. */
  readonly learningRate: number;
  /** Share of the run in which the rate rises from 0; it falls linearly to 0 after. */
  readonly warmup: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Largest global norm of the gradients. */
  readonly clipNorm: number;
}

/**
 * The recipe for a model, used where the user gives no plugin for rate or clipping.
 *
 * - Optimizer numbers are BERT's: betas 0.9 and 0.999, epsilon 1e-6, weight decay 0.01 but for biases and LayerNorm, clipping at norm 1.
 * - Peak rate of PreLN: 1e-3 up to hidden size 256, 7e-4 at 512, 4e-4 from 768 on, the rate that Progressive Layer Dropping's authors
 *   compare with; wider models want lower rates.
 * - PostLN: the same at 128, and less than PreLN the wider (and in these sizes deeper) it is, with twice the warm-up: gradients of its last
 *   layers are large at the start (Xiong et al. 2020, arXiv:2002.04745); 1e-4 at 768 is BERT's own.
 * - Warm-up is 10 % of the run (less would do for PreLN in long runs; in runs of hundreds of steps Adam's second moment needs
 *   these steps to settle), 20 % for PostLN.
 * - LAMB scales each update to its parameter's norm, so one relative rate fits all widths: 1e-2, half of that for PostLN.
 *
 * Tried on 300 steps of State of the Union speeches (one seed, 4 blocks of 128, batch 8 x 32, vocabulary 1024, unigram loss 6.03), held-out MLM loss
 * by peak: PreLN 1e-3 5.89, 3e-3 6.06; PostLN 1e-3 5.90, 4e-4 5.97; PreLN with LAMB 1e-2 5.97, 3e-3 6.01. The numbers for wider models are published
 * ones or lie between; we have not searched there.
 */
export function pretrainingRecipe(config: BertConfig, optimizer: 'adamw' | 'lamb' = 'adamw'): PretrainingRecipe {
  const { hiddenSize, norm } = config;
  const preNorm = hiddenSize <= 256 ? 1e-3 : hiddenSize <= 512 ? 7e-4 : 4e-4;
  const postNorm = hiddenSize <= 128 ? 1e-3 : hiddenSize <= 256 ? 5e-4 : hiddenSize <= 512 ? 2e-4 : 1e-4;
  const adam = norm === 'pre' ? preNorm : postNorm;
  const lamb = norm === 'pre' ? 1e-2 : 5e-3;
  return {
    optimizer,
    learningRate: optimizer === 'adamw' ? adam : lamb,
    warmup: norm === 'pre' ? 0.1 : 0.2,
    betas: [0.9, 0.999],
    epsilon: 1e-6,
    weightDecay: 0.01,
    clipNorm: 1,
  };
}

/** The recipe's plugins: linear warm-up and decay, and clipping by global norm. */
export const recipePlugins = (recipe: PretrainingRecipe): readonly Plugin[] => [
  linearWarmup({ peak: recipe.learningRate, warmup: recipe.warmup }),
  clipGradients({ norm: recipe.clipNorm }),
];
