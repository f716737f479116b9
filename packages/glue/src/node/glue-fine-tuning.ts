import { type ReadPretrainedOptions, readPretrained } from '@hookline/bert/node';
import type { PretrainedModel } from '../fine-tuning/classifier-weights.js';
import { createdPooler, type FineTuningLearner, fineTuning } from '../fine-tuning/fine-tuning.js';
import type { FineTuningOptions } from '../fine-tuning/options.js';
import { glueTask } from '../tasks/glue-tasks.js';
import type { LabelledSet, TextTask } from '../tasks/task.js';
import { readGlue } from './read-glue.js';

/** What is learnt from, and what a model is judged on. */
export interface FineTuningSets {
  readonly train: LabelledSet;
  /** By the name under which a set is evaluated, e.g. `dev`. */
  readonly evaluation: Readonly<Record<string, LabelledSet>>;
}

export interface GlueFineTuningOptions extends Omit<FineTuningOptions, 'task' | 'model' | 'train' | 'evaluation'> {
  /** A GLUE task by either name, e.g. `SST-2` or `sst2`; or a task of one's own, whose sets are then given as `data`. */
  readonly task: string | TextTask;
  /** A folder as transformers saves it, the directory of a run, or a model that is read already. */
  readonly checkpoint: string | PretrainedModel;
  /** In what the weights may differ from their configuration, as `readPretrained` takes it; nothing by default. */
  readonly allow?: ReadPretrainedOptions['allow'];
  /** The folder with a folder a task, or the sets themselves. */
  readonly data: string | FineTuningSets;
  /** Told in a line of rows that are left out and of weights that are made anew, but for a new classifier's. */
  readonly onNotice?: (line: string) => void;
}

/**
 * A model without the heads of pre-training, to be fine-tuned.
 * @throws HooklineError as `readPretrained`
 */
export const readForFineTuning = (checkpoint: string, options: Pick<ReadPretrainedOptions, 'allow' | 'onNotice'> = {}): Promise<PretrainedModel> =>
  readPretrained(checkpoint, { heads: { mlm: 'drop', nsp: 'drop' }, ...options });

/**
 * The train set of a GLUE task and its labelled sets besides: `dev`, or MNLI's `dev_matched` and `dev_mismatched`.
 * @throws HooklineError as `readGlue`
 */
export async function readFineTuningSets(task: string, data: string): Promise<FineTuningSets> {
  const evaluation: Record<string, LabelledSet> = {};
  const train = await readGlue({ task, split: 'train', data });
  for (const split of glueTask(task).evaluation) evaluation[split] = await readGlue({ task, split, data });
  return { train, evaluation };
}

/**
 * `fineTuning` on a GLUE task, from a checkpoint and a folder of data.
 * @throws HooklineError as `readPretrained`, `readGlue` and `fineTuning`
 */
export async function glueFineTuning(options: GlueFineTuningOptions): Promise<FineTuningLearner> {
  const { task: named, checkpoint, allow = [], data, onNotice, ...rest } = options;
  const task = typeof named === 'string' ? glueTask(named) : named;
  const { train, evaluation } = typeof data === 'string' ? await readFineTuningSets(task.name, data) : data;
  if (onNotice) for (const warning of [train, ...Object.values(evaluation)].flatMap((set) => set.warnings)) onNotice(warning);
  const model = typeof checkpoint === 'string' ? await readForFineTuning(checkpoint, { allow, ...(onNotice ? { onNotice } : {}) }) : checkpoint;
  const learner = await fineTuning({ ...rest, task, model, train, evaluation });
  const made = createdPooler(learner);
  if (made !== undefined) onNotice?.(made);
  return learner;
}
