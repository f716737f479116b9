import type { BatchScores, BertLearner } from '@hookline/bert';
import { evaluateLearner, lesionPlans, openGates } from '@hookline/core';
import { distinctNames } from '../compare/compare.js';
import { kindOf } from '../compare/origin.js';
import { readEvaluated } from '../inspect/read-evaluated.js';
import type { CompleteConfig, PretrainConfig } from '../pretrain/config.js';
import { loadData } from '../pretrain/data.js';
import { readRunConfig, runPath } from '../pretrain/files.js';
import { learnerOf } from '../pretrain/learner.js';
import { heldOutSet } from '../pretrain/plugins.js';
import { type Estimate, pairedDifference } from '../recording/statistics.js';

/** What a trained network loses with one block left out. */
export interface Lesion {
  readonly block: string;
  /** Held-out MLM loss without the block, in nats. */
  readonly loss: number;
  /** Its increase over the whole network, paired over held-out batches. */
  readonly increase: Estimate;
}

/** A run and its lesions. */
export interface LesionedRun {
  readonly name: string;
  readonly directory: string;
  readonly config: CompleteConfig;
  /** Held-out MLM loss of the whole network. */
  readonly loss: number;
  /** One for each block, from the input up. */
  readonly lesions: readonly Lesion[];
}

export interface LesionOptions {
  /** Default: what the run says. */
  readonly engine?: PretrainConfig['engine'];
  readonly onStage?: (text: string) => void;
  readonly signal?: AbortSignal;
}

const mlmLosses = (scores: readonly BatchScores[]): readonly number[] => scores.map(({ mlm }) => mlm!.lossSum / mlm!.items);

async function lesionsOf(learner: BertLearner, signal: AbortSignal | undefined): Promise<Pick<LesionedRun, 'loss' | 'lesions'>> {
  const gates = openGates(learner.blocks);
  const whole = await evaluateLearner(learner, heldOutSet, { gates });
  const losses = mlmLosses(learner.batchScores(heldOutSet));
  const lesions: Lesion[] = [];
  for (const [block, plan] of lesionPlans(gates)) {
    signal?.throwIfAborted();
    const { mlmLoss } = await evaluateLearner(learner, heldOutSet, { gates: plan });
    lesions.push({ block, loss: mlmLoss!, increase: pairedDifference(mlmLosses(learner.batchScores(heldOutSet)), losses) });
  }
  return { loss: whole['mlmLoss']!, lesions };
}

/**
 * Evaluates the weights of runs of `pretrain` (their latest checkpoint, or a named one; averaged weights where they were kept) with each block left out, on the
 * held-out batches of each.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_CHECKPOINT_MISSING`, `HOOKLINE_CHECKPOINT_DAMAGED`
 */
export async function lesionRuns(paths: readonly string[], { engine, onStage, signal }: LesionOptions = {}): Promise<readonly LesionedRun[]> {
  const directories = paths.map((path) => runPath(path).directory);
  const configs = directories.map(readRunConfig);
  const names = distinctNames(paths);
  const found: LesionedRun[] = [];
  for (const [i, path] of paths.entries()) {
    signal?.throwIfAborted();
    const config = configs[i]!;
    const read = await readEvaluated(path, { ...(onStage ? { onNotice: onStage } : {}) });
    const data = await loadData(config, { tokenizer: read.tokenizer, ...(signal ? { signal } : {}) });
    try {
      const learner = await learnerOf({ ...config, engine: engine ?? config.engine }, data, { config: read.config, weights: read.tensors });
      try {
        onStage?.(`${names[i]}: ${kindOf(config)} without each of its ${learner.blocks.length} blocks`);
        found.push({ name: names[i]!, directory: directories[i]!, config, ...(await lesionsOf(learner, signal)) });
      } finally {
        learner.dispose();
      }
    } finally {
      data.close();
    }
  }
  return found;
}
