import { bertModel } from '@hookline/bert';
import { HooklineError, type Scalars } from '@hookline/core';
import {
  classifierWeights,
  type Example,
  type ExamplePrediction,
  type GlueSplit,
  glueTask,
  type LabelledSet,
  predictExamples,
  probabilities,
  requireLabels,
  scalarsOf,
  type TextTask,
} from '@hookline/glue';
import { writePredictions } from '@hookline/glue/node';
import { type Engine, type EngineName, loadEngine, openBlock } from '@hookline/tfjs';
import { readEvaluated } from '../inspect/read-evaluated.js';
import { evaluationSplits, loadSet, testSplits } from './data.js';
import { checkpointPath, type FinetuneRun, finetuneRuns } from './files.js';

export interface UseOptions {
  /** The best checkpoint by score on the first evaluation set, instead of the last. */
  readonly best?: boolean;
  readonly engine?: EngineName | 'auto';
}

interface Opened {
  readonly predict: (examples: readonly Example[]) => Promise<readonly ExamplePrediction[]>;
  readonly checkpoint: string;
  readonly engine: Engine;
  dispose(): void;
}

async function open({ directory, config, task }: FinetuneRun, { best = false, engine = 'auto' }: UseOptions): Promise<Opened> {
  const checkpoint = await checkpointPath(directory, best, evaluationSplits(config)[0]!);
  const pretrained = await readEvaluated(checkpoint, { heads: { mlm: 'drop', nsp: 'drop', pooler: 'need', classifier: 'need' } });
  const { tensors, heads } = classifierWeights(pretrained, task.target, { head: 'need', source: checkpoint });
  const loaded = await loadEngine(engine);
  const model = bertModel(pretrained.config, tensors, heads);
  const maxLength = Math.min(config.maxLength ?? 128, pretrained.config.maxPositionEmbeddings);
  return {
    checkpoint,
    engine: loaded,
    predict: (examples) =>
      predictExamples(examples, { model, tokenizer: pretrained.tokenizer, target: task.target, batchSize: 2 * config.batchSize, maxLength, block: openBlock }),
    dispose: () => model.dispose(),
  };
}

/** What one run scores on a set. */
export interface Evaluated {
  readonly directory: string;
  readonly checkpoint: string;
  readonly task: TextTask;
  readonly set: string;
  readonly metrics: Scalars;
}

/**
 * Scores the runs of a directory on labelled sets.
 * @param split a set's name; default: the task's evaluation sets
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_LABELS` where the set has no labels, and as the readers
 */
export async function evaluateRuns(directory: string, split: string | undefined, options: UseOptions = {}): Promise<readonly Evaluated[]> {
  const runs = finetuneRuns(directory);
  const [first] = runs;
  const sets: LabelledSet[] = [];
  const names = split === undefined ? evaluationSplits(first!.config) : [split];
  for (const name of names) {
    const set = await loadSet(first!.config, first!.task, name, true);
    requireLabels(set);
    sets.push(set);
  }
  const found: Evaluated[] = [];
  for (const run of runs) {
    const opened = await open(run, options);
    for (const [i, { examples }] of sets.entries()) {
      const metrics = scalarsOf(run.task, await opened.predict(examples), examples);
      found.push({ directory: run.directory, checkpoint: opened.checkpoint, task: run.task, set: names[i]!, metrics });
    }
    opened.dispose();
  }
  return found;
}

/** One run of a directory: its own, or the first seed's, which is chosen by nothing that was measured. */
const oneRun = (directory: string): FinetuneRun => finetuneRuns(directory)[0]!;

/** Files of predictions that were written. */
export interface Written {
  readonly run: string;
  readonly files: readonly string[];
}

/**
 * Predicts a set of a GLUE task and writes it as the server takes it; `test` stands for all files of the task. MNLI's models predict AX too: as split `ax`.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_SPLIT`, `HOOKLINE_TASK` where the run is of no GLUE task, and as the readers and writers
 */
export async function predictSet(directory: string, split: string, out: string, options: UseOptions = {}): Promise<Written> {
  const run = oneRun(directory);
  const { config, task } = run;
  if (config.task === undefined) {
    throw new HooklineError('HOOKLINE_TASK', `'${directory}' was trained on files of your own, which the server knows nothing of`, {
      hint: "predict single texts with --text, or score a labelled file's run with `hookline evaluate`",
    });
  }
  const glue = split === 'ax' && glueTask(config.task).name === 'mnli' ? glueTask('ax') : glueTask(config.task);
  const splits = glue.name === 'ax' ? ['test'] : testSplits(config, split);
  const sets: LabelledSet[] = [];
  for (const one of splits) sets.push(await loadSet({ ...config, task: glue.name }, task, one, false));
  const opened = await open(run, options);
  try {
    const files: string[] = [];
    for (const [i, { examples }] of sets.entries()) {
      const predictions = (await opened.predict(examples)).map(({ value }) => value);
      files.push(await writePredictions(out, { task: glue, split: splits[i] as GlueSplit, examples, predictions }));
    }
    return { run: run.directory, files };
  } finally {
    opened.dispose();
  }
}

/** What a model says of a text. */
export interface TextPrediction {
  /** The class's name, or the number. */
  readonly prediction: string | number;
  /** Of each class by its name; of a number none. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/**
 * Predicts a text, or a pair.
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_TEXT` where the task takes another number of texts, or one is empty
 */
export async function predictText(directory: string, texts: readonly string[], options: UseOptions = {}): Promise<TextPrediction> {
  const run = oneRun(directory);
  const { target, texts: wanted } = run.task;
  if (texts.length !== wanted) {
    throw new HooklineError(
      'HOOKLINE_TEXT',
      `the task ${run.task.name} takes ${wanted} text${wanted === 1 ? '' : 's'}, and ${texts.length} ${texts.length === 1 ? 'is' : 'are'} given`,
      {
        hint: wanted === 1 ? 'leave --text2 out' : 'give the second one as --text2',
      },
    );
  }
  if (texts.some((text) => text.trim() === '')) throw new HooklineError('HOOKLINE_TEXT', 'the text is empty', { hint: 'give a text' });
  const opened = await open(run, options);
  try {
    const [found] = await opened.predict([{ index: 0, texts: texts as unknown as Example['texts'], label: undefined }]);
    const { value, logits } = found!;
    if (target.kind === 'number') return { prediction: value, probabilities: {} };
    const shares = probabilities(logits);
    return { prediction: target.labels[value]!, probabilities: Object.fromEntries(target.labels.map((label, i) => [label, shares[i]!])) };
  } finally {
    opened.dispose();
  }
}
