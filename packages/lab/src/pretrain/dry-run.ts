import { type BertConfig, type BertHeads, flopsPerStep, parameterCount } from '@hookline/bert';
import type { CorpusSets } from '@hookline/bert/node';
import { orderPlugins } from '@hookline/core';
import type { CompleteConfig, PretrainConfig } from './config.js';
import { blockSaving, methodOf, runPlugins } from './plugins.js';

/** What a run would be, told before anything is trained or written. */
export interface RunPlan {
  readonly model: BertConfig;
  readonly parameters: number;
  readonly steps: number;
  readonly tokensAStep: number;
  readonly epochs: number;
  readonly examples: number;
  /** Plugins in the order in which their hooks run. */
  readonly plugins: readonly string[];
  readonly method: string | undefined;
  /** Expected share of the blocks' compute that is saved. */
  readonly blockSaving: number;
  /** Share of a dense step's arithmetic that the blocks are. */
  readonly blockShare: number;
  /** Expected share of the step's arithmetic that is saved: the product of the two. */
  readonly expectedSaving: number;
  readonly flopsAStep: number;
  readonly bytes: { readonly state: number; readonly activations: number; readonly checkpoint: number; readonly disk: number };
}

const bytesANumber = 4;

/**
 * Numbers that a step keeps for the backward pass, a rough count: of a block, its input, two normalized copies, query, key, value, the attention's
 * probabilities and their product, the attended values, two residuals and three times the inner layer; of the head, logits and their softmax.
 */
function activationNumbers(model: BertConfig, { batchSize, sequenceLength }: PretrainConfig, maskedPerRow: number): number {
  const tokens = batchSize * sequenceLength;
  const block = tokens * (10 * model.hiddenSize + 3 * model.intermediateSize + 3 * model.numAttentionHeads * sequenceLength);
  return model.numHiddenLayers * block + batchSize * maskedPerRow * (2 * model.vocabSize + 4 * model.hiddenSize) + 3 * tokens * model.hiddenSize;
}

/** @throws HooklineError as the run itself would: for options, conflicts and savings that cannot be reached */
export function planRun(config: CompleteConfig, data: CorpusSets, model: BertConfig): RunPlan {
  const heads: BertHeads = { nsp: config.objective.includes('nsp') };
  const maskedPerRow = config.maskedPerRow ?? Math.ceil(0.15 * config.sequenceLength);
  const flops = flopsPerStep(model, { batchSize: config.batchSize, sequenceLength: config.sequenceLength, maskedPerRow, nextSentence: heads.nsp });
  const parameters = parameterCount(model, heads);
  const saving = blockSaving(config, model.numHiddenLayers, config.steps);
  const copies = 3 + (config.ema === undefined ? 0 : 1); // weights, two moments, average
  const checkpoint = bytesANumber * parameters * copies;
  return {
    model,
    parameters,
    steps: config.steps,
    tokensAStep: config.batchSize * config.sequenceLength * config.accumulation,
    epochs: (config.steps * config.accumulation) / data.train.batchesPerEpoch,
    examples: data.train.examples,
    plugins: orderPlugins(runPlugins(config, model)).map((plugin) => plugin.name),
    method: methodOf(config)?.name,
    blockSaving: saving,
    blockShare: flops.blockShare,
    expectedSaving: saving * flops.blockShare,
    flopsAStep: flops.total * config.accumulation,
    bytes: {
      state: bytesANumber * parameters * (copies + 1), // and the gradients
      activations: bytesANumber * activationNumbers(model, config, maskedPerRow),
      checkpoint,
      disk: checkpoint * (config.checkpoints.keep + 1 + (config.checkpoints.best ? 1 : 0)), // one more while the newest is written
    },
  };
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MiB`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The plan as label and value, for a terminal. */
export function planLines(plan: RunPlan): readonly (readonly [string, string])[] {
  const { model, bytes } = plan;
  return [
    [
      'model',
      `BERT ${model.norm === 'pre' ? 'PreLN' : 'PostLN'}, L=${model.numHiddenLayers} H=${model.hiddenSize} A=${model.numAttentionHeads} FF=${model.intermediateSize} V=${model.vocabSize}`,
    ],
    ['parameters', plan.parameters.toLocaleString('en')],
    [
      'steps',
      `${plan.steps.toLocaleString('en')} of ${plan.tokensAStep.toLocaleString('en')} tokens: ${plan.epochs.toFixed(2)} epochs of ${plan.examples.toLocaleString('en')} rows`,
    ],
    ['arithmetic', `${(plan.flopsAStep / 1e9).toFixed(1)} GFLOP a dense step, ${percent(plan.blockShare)} of it in the blocks`],
    [
      'saving',
      plan.method
        ? `${plan.method}: ${percent(plan.blockSaving)} of the block runs, so about ${percent(plan.expectedSaving)} of the arithmetic`
        : 'none: every block runs in every step',
    ],
    ['memory', `${mebibytes(bytes.state)} for weights, moments and gradients, roughly ${mebibytes(bytes.activations)} for activations`],
    ['disk', `${mebibytes(bytes.checkpoint)} a checkpoint, at most ${mebibytes(bytes.disk)} at a time`],
    ['plugins', plan.plugins.join(' → ')],
  ];
}
