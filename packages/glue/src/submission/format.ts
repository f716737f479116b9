import { HooklineError } from '@hookline/core';
import type { GlueTask } from '../tasks/glue-task.js';
import type { Example } from '../tasks/task.js';

/**
 * Predictions as the GLUE server reads them: a header, then `index<TAB>prediction` a row; indices of classes for CoLA, SST-2, MRPC, QQP
 * and WNLI, their names for MNLI, QNLI, RTE and AX, three decimals for STS-B, whose numbers are first brought into [0, 5].
 * @param examples of the test set, for their indices
 * @param predictions as many: class indices, or numbers
 * @throws HooklineError `HOOKLINE_PREDICTION` where they are not as many, or one is no class or not finite
 */
export function formatPredictions(task: GlueTask, examples: readonly Pick<Example, 'index'>[], predictions: readonly number[]): string {
  if (predictions.length !== examples.length)
    throw new HooklineError('HOOKLINE_PREDICTION', `${task.title}: ${predictions.length} predictions for ${examples.length} examples`);
  const rows = examples.map(({ index }, i) => `${index}\t${written(task, predictions[i]!, index)}\n`);
  return `index\tprediction\n${rows.join('')}`;
}

function written({ title, target, written: form }: GlueTask, prediction: number, index: number): string {
  if (target.kind === 'number' ? !Number.isFinite(prediction) : target.labels[prediction] === undefined)
    throw new HooklineError('HOOKLINE_PREDICTION', `${title}, index ${index}: ${prediction} is no ${target.kind === 'number' ? 'finite number' : 'class'}`);
  if (target.kind === 'classes') return form === 'index' ? String(prediction) : target.labels[prediction]!;
  const [least, most] = target.range ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return Math.min(most, Math.max(least, prediction)).toFixed(3);
}
