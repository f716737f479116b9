import type { Block, Learner, Scalars } from '@hookline/core';
import { createParameters, type Engine, freeOwned, loadEngine, type OptimizerOptions, tensorLearner } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import type { BertModel } from '../model/bert.js';
import type { BertConfig } from '../model/config.js';
import { initializeBert } from '../model/initialize.js';
import { bertBlocks } from '../model/parameters.js';
import { bertWeights } from '../model/weights.js';
import type { PretrainingBatch } from './batch.js';
import { type BatchScores, metricsOf } from './metrics.js';
import { itemCounts, lossSums, type PretrainingObjective, scoreBatch } from './objectives.js';
import { type BertPretrainingOptions, checkOptions } from './options.js';
import { type PretrainingRecipe, pretrainingRecipe, recipePlugins } from './recipe.js';

/** A learner with what is known of its model. */
export interface BertLearner extends Learner<PretrainingBatch, tf.Tensor> {
  readonly model: BertModel;
  readonly config: BertConfig;
  readonly objectives: readonly PretrainingObjective[];
  /** Numbers of the default recipe. */
  readonly recipe: PretrainingRecipe;
  readonly engine: Engine;
  /** Scores of each batch in the latest evaluation of a set, in the set's order: for paired comparisons. Empty before. */
  batchScores(set: string): readonly BatchScores[];
}

const optimizerOf = (optimizer: 'adamw' | 'lamb' | OptimizerOptions, recipe: PretrainingRecipe): OptimizerOptions =>
  typeof optimizer === 'string' ? { type: optimizer, betas: [...recipe.betas], epsilon: recipe.epsilon, weightDecay: recipe.weightDecay } : optimizer;

/**
 * BERT pre-training as a learner: masked language modelling, with or without next-sentence prediction.
 *
 * Blocks are `encoder.0`, `encoder.1`, … with the branches `attention` and `ffn`. Evaluation answers with `loss`, `mlmLoss`, `mlmAccuracy`, and with
 * NSP `nspLoss` and `nspAccuracy`, means over the set. The learner's defaults are the recipe of `pretrainingRecipe`.
 * @throws HooklineError HOOKLINE_OPTIONS, HOOKLINE_BERT_CONFIG, HOOKLINE_BERT_WEIGHTS, HOOKLINE_ENGINE_…
 */
export async function bertPretraining(options: BertPretrainingOptions): Promise<BertLearner> {
  const { config, objectives, data, optimizer, seed, weights, engine: engineName, defaults } = checkOptions(options);
  const engine = await loadEngine(engineName);
  const heads = { nsp: objectives.includes('nsp') };
  const initial = weights ? bertWeights(weights, config, heads) : initializeBert(config, seed, { heads, ...(data.unigram ? { unigram: data.unigram } : {}) });
  const parameters = createParameters(initial);
  const model: BertModel = { config, parameters, compiled: {} };
  const recipe = pretrainingRecipe(config, (typeof optimizer === 'string' ? optimizer : optimizer.type) === 'lamb' ? 'lamb' : 'adamw');
  const { evaluation = {} } = data;
  const latest = new Map<string, readonly BatchScores[]>();

  async function evaluate(set: string, block: Block<tf.Tensor>): Promise<Scalars> {
    const scores: BatchScores[] = [];
    for (const batch of evaluation[set] ?? []) scores.push(await scoreBatch(model, batch, objectives, block));
    latest.set(set, scores);
    return metricsOf(scores);
  }

  const learner = tensorLearner<PretrainingBatch>({
    parameters,
    blocks: bertBlocks(config),
    data: { ...data.train, batch: (position) => data.train.batch(position), counts: (batch) => itemCounts(batch, objectives) },
    evaluationSets: Object.keys(evaluation),
    objectives: (batch, block, { seed }) => lossSums(model, batch, objectives, block, { mode: 'train', seed }),
    evaluate,
    optimizer: optimizerOf(optimizer, recipe),
    defaults: defaults ?? recipePlugins(recipe),
  });
  const dispose = (): void => {
    if (model.compiled) freeOwned(model.compiled);
    learner.dispose();
  };
  return { ...learner, dispose, model, config, objectives, recipe, engine, batchScores: (set) => latest.get(set) ?? [] };
}
