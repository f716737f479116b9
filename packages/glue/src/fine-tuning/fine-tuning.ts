import { type BertConfig, type BertModel, bertBlocks, type PretrainingRecipe, recipePlugins } from '@hookline/bert';
import type { Block, Learner, Scalars } from '@hookline/core';
import { createParameters, type Engine, freeOwned, loadEngine, tensorLearner } from '@hookline/tfjs';
import type * as tf from '@tensorflow/tfjs-core';
import { taskScore } from '../metrics/metrics.js';
import type { Example, TextTask } from '../tasks/task.js';
import type { FineTuningBatch } from './batch.js';
import { classifierWeights } from './classifier-weights.js';
import { encodedExamples } from './encoded-examples.js';
import { fineTuningData } from './fine-tuning-data.js';
import { lossSum } from './loss.js';
import { checkFineTuning, type FineTuningOptions } from './options.js';
import { type ExamplePrediction, predictExamples } from './predictions.js';
import { fineTuningRecipe } from './recipe.js';
import { balancedWeights, rowTarget } from './targets.js';

/** A learner with what is known of its model. */
export interface FineTuningLearner extends Learner<FineTuningBatch, tf.Tensor> {
  readonly task: TextTask;
  readonly model: BertModel;
  readonly config: BertConfig;
  /** Numbers of the default recipe. */
  readonly recipe: PretrainingRecipe;
  readonly engine: Engine;
  readonly batchSize: number;
  readonly maxLength: number;
  /** Names of the weights that were made anew: the classifier's, and the pooler's where the checkpoint had none. */
  readonly created: readonly string[];
  /** Predictions of the latest evaluation of a set, in the set's order; empty before. */
  predictions(set: string): readonly ExamplePrediction[];
  /** Predicts examples with the weights of now, in their order, by the whole network. */
  predict(examples: readonly Example[], block: Block<tf.Tensor>): Promise<readonly ExamplePrediction[]>;
}

/** That the pooler is untrained, for the user; undefined where it is the checkpoint's. */
export function createdPooler({ created }: Pick<FineTuningLearner, 'created'>): string | undefined {
  const pooler = created.filter((name) => !name.startsWith('classifier.'));
  return pooler.length > 0 ? `the checkpoint has no pooler: made anew, untrained: ${pooler.join(', ')}` : undefined;
}

/** Mean loss of predictions without smoothing or weights: cross-entropy in nats, or the squared error. */
function meanLoss(predictions: readonly ExamplePrediction[], labels: readonly number[], kind: 'classes' | 'number'): number {
  const losses = predictions.map(({ logits }, i) => {
    if (kind === 'number') return (logits[0]! - labels[i]!) ** 2;
    const most = Math.max(...logits);
    return most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0)) - logits[labels[i]!]!;
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** `loss`, the task's metrics and their mean `score`: numbers are scored within the task's range, as the server gets them, their loss as they come. */
export function scalarsOf(task: TextTask, predictions: readonly ExamplePrediction[], examples: readonly Example[]): Scalars {
  const labels = examples.map(({ label }) => label!);
  const values = predictions.map(({ value }) => value);
  return { loss: meanLoss(predictions, labels, task.target.kind), ...taskScore(task.metrics, values, labels) };
}

/**
 * Fine-tuning of a BERT on a task as a learner: a classifier over the first token, or a regression with one output.
 *
 * Blocks are `encoder.0`, `encoder.1`, … with the branches `attention` and `ffn`, as in pre-training, so that layer dropping applies. The one objective is
 * `task`: cross-entropy, or the squared error for a number. Evaluation answers with `loss`, the task's metrics and `score`, their mean. The learner's defaults
 * are the recipe of `fineTuningRecipe`.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_LABELS`, `HOOKLINE_BERT_WEIGHTS`, `HOOKLINE_BERT_POSITIONS`, `HOOKLINE_ENGINE_…`
 */
export async function fineTuning(options: FineTuningOptions): Promise<FineTuningLearner> {
  const { task, model: pretrained, train, evaluation, batchSize, maxLength, dropout, head, seed, ...checked } = checkFineTuning(options);
  const { target } = task;
  const config: BertConfig = { ...pretrained.config, hiddenDropoutProb: dropout, attentionProbsDropoutProb: dropout };
  const { tensors, created } = classifierWeights(pretrained, target, { head, seed });
  const engine = await loadEngine(checked.engine);
  const parameters = createParameters(tensors);
  const model: BertModel = { config, parameters, compiled: {} };
  const recipe = fineTuningRecipe(config);
  const { betas, epsilon, weightDecay } = recipe;
  const labels = train.examples.map(({ label }) => label!);
  const weights = checked.classWeights === 'balanced' && target.kind === 'classes' ? balancedWeights(labels, target.labels) : checked.classWeights;
  const targetOptions = { labelSmoothing: checked.labelSmoothing, ...(Array.isArray(weights) ? { classWeights: weights } : {}) };
  const latest = new Map<string, readonly ExamplePrediction[]>();
  const { tokenizer } = pretrained;

  const predict = (examples: readonly Example[], block: Block<tf.Tensor>): Promise<readonly ExamplePrediction[]> =>
    predictExamples(examples, { model, tokenizer, target, batchSize: 2 * batchSize, maxLength, block });

  const learner = tensorLearner<FineTuningBatch>({
    parameters,
    blocks: bertBlocks(config),
    data: fineTuningData({
      encoded: encodedExamples(train.examples, tokenizer, maxLength),
      targets: labels.map((label) => rowTarget(label, target, targetOptions)),
      batchSize,
      shuffle: checked.shuffle,
      bucketing: checked.bucketing,
      seed,
    }),
    evaluationSets: Object.keys(evaluation),
    objectives: (batch, block, { seed: key }) => ({ task: lossSum(model, batch, target.kind, block, { mode: 'train', seed: key }) }),
    async evaluate(set, block) {
      const { examples } = evaluation[set]!;
      const predictions = await predict(examples, block);
      latest.set(set, predictions);
      return scalarsOf(task, predictions, examples);
    },
    optimizer: checked.optimizer ?? { type: 'adamw', betas: [...betas], epsilon, weightDecay },
    defaults: checked.defaults ?? recipePlugins(recipe),
  });
  const dispose = (): void => {
    if (model.compiled) freeOwned(model.compiled);
    learner.dispose();
  };
  return { ...learner, dispose, task, model, config, recipe, engine, batchSize, maxLength, created, predictions: (set) => latest.get(set) ?? [], predict };
}
