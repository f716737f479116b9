import { HooklineError } from '@hookline/core';
import type { LabelledSet, TextTask } from '@hookline/glue';
import { glueTask } from '@hookline/glue';
import { type FineTuningSets, readFineTuningSets, readGlue, readLabelled } from '@hookline/glue/node';
import type { FinetuneConfig } from './config.js';

type Source = Pick<FinetuneConfig, 'task' | 'own' | 'data'>;
type Own = NonNullable<FinetuneConfig['own']>;

const columns = ({ text, text2 }: Own): string | [string, string] => (text2 === undefined ? text : [text, text2]);

/**
 * The task of a configuration with its train and evaluation sets. Texts of one's own to be predicted later are read too, so that what is wrong with them shows
 * before anything is trained.
 * @throws HooklineError as the readers of `@hookline/glue`
 */
export async function loadSets({ task, own, data }: Source): Promise<FineTuningSets & { readonly task: TextTask }> {
  if (own) {
    const { target, metrics } = own;
    const train = await readLabelled(own.train, { text: columns(own), label: own.label, ...(target && { target }), ...(metrics && { metrics }) });
    const dev = await readLabelled(own.dev, { text: columns(own), label: own.label, task: train.task });
    if (own.test !== undefined) await readLabelled(own.test, { text: columns(own), task: train.task });
    return { task: train.task, train, evaluation: { dev } };
  }
  return { task: glueTask(task!), ...(await readFineTuningSets(task!, data)) };
}

/** One set of a configuration: `labelled` where it is to be scored. @throws HooklineError `HOOKLINE_SPLIT`, and as the readers */
export async function loadSet({ task: name, own, data }: Source, task: TextTask, split: string, labelled: boolean): Promise<LabelledSet> {
  if (!own) return readGlue({ task: name!, split, data });
  const file = split === 'dev' || split === 'test' || split === 'train' ? own[split] : undefined;
  if (file === undefined) {
    throw new HooklineError('HOOKLINE_SPLIT', `the run was given no set '${split}'`, { hint: `name train, dev, or test where --test was given` });
  }
  return readLabelled(file, { text: columns(own), task, ...(labelled ? { label: own.label } : {}) });
}

/** Sets that a configuration is scored on; the first chooses the best checkpoint. */
export const evaluationSplits = ({ task }: Source): readonly string[] => (task === undefined ? ['dev'] : glueTask(task).evaluation);

/** The folder's name of a set to be predicted, where the server has it in several files: `test` means all of them. */
export const testSplits = ({ task }: Source, split: string): readonly string[] =>
  task !== undefined && split === 'test' ? glueTask(task).submissions.map((file) => file.split) : [split];
