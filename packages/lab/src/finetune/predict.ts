import { join } from 'node:path';
import { bertModel } from '@hookline/bert';
import { HooklineError, type Scalars } from '@hookline/core';
import { replaceFile } from '@hookline/core/node';
import {
  classifierWeights,
  type Example,
  type ExamplePrediction,
  glueTask,
  type LabelledSet,
  predictExamples,
  probabilities,
  requireLabels,
  scalarsOf,
  submissionFile,
  type TextTask,
} from '@hookline/glue';
import { writePredictions } from '@hookline/glue/node';
import { type Engine, type EngineName, loadEngine, openBlock } from '@hookline/tfjs';
import { readEvaluated } from '../inspect/read-evaluated.js';
import { requireDirectoryPlace } from '../places.js';
import { evaluationSplits, loadSet, testSplits } from './data.js';
import { checkpointPath, type FinetuneRun, finetuneRuns, hasCheckpoint } from './files.js';
import { formatOwnPredictions } from './own-predictions.js';
import { hasSeeds, readSeedOutcome } from './seeds.js';

export interface UseOptions {
  /** The best checkpoint by score on the first evaluation set, instead of the last. */
  readonly best?: boolean;
  readonly engine?: EngineName | 'auto';
  /** Told of rows that were left out, and of files that the server will not take. */
  readonly onNotice?: (text: string) => void;
}

const tellSkipped = (sets: readonly LabelledSet[], { onNotice }: UseOptions): void => {
  for (const warning of sets.flatMap(({ warnings }) => warnings)) onNotice?.(warning);
};

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

/** Of several seeds those that have a checkpoint; those that have not come to their end are told. */
function begunRuns(directory: string, runs: readonly FinetuneRun[], { onNotice }: UseOptions): readonly FinetuneRun[] {
  if (!hasSeeds(directory)) return runs;
  const unfinished = runs.filter((run) => readSeedOutcome(run.directory) === undefined);
  for (const run of unfinished) {
    const what = hasCheckpoint(run.directory) ? 'has not come to its end' : 'has no checkpoint yet, and is left out';
    onNotice?.(`${run.directory} ${what}; go on with: hookline finetune --resume ${directory}`);
  }
  const begun = runs.filter((run) => hasCheckpoint(run.directory));
  return begun.length > 0 ? begun : runs;
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
  tellSkipped(sets, options);
  const found: Evaluated[] = [];
  for (const run of begunRuns(directory, runs, options)) {
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

/** A set to be predicted, and how its predictions are written. */
interface Job {
  readonly set: LabelledSet;
  readonly write: (predictions: readonly number[]) => Promise<string>;
}

/** The sets of a GLUE task that a split stands for, in the server's format. @throws HooklineError `HOOKLINE_SPLIT`, and as the readers */
async function submissionJobs({ config, task }: FinetuneRun, split: string, out: string, options: UseOptions): Promise<readonly Job[]> {
  const own = glueTask(config.task!);
  const glue = split === 'ax' && own.name === 'mnli' ? glueTask('ax') : own;
  const jobs: Job[] = [];
  for (const one of glue.name === 'ax' ? ['test'] : testSplits(config, split)) {
    const file = submissionFile(glue, one);
    const set = await loadSet({ ...config, task: glue.name }, task, one, false);
    tellSkipped([set], options);
    const { examples } = set;
    const wanted = glue.splits[file.split]!.rows;
    if (examples.length !== wanted) {
      options.onNotice?.(
        `${set.source} has ${examples.length} examples to predict, and ${glue.title} ${one} has ${wanted}: the server will not take ${file.name}.tsv`,
      );
    }
    jobs.push({ set, write: (predictions) => writePredictions(out, { task: glue, split: file.split, examples, predictions }) });
  }
  return jobs;
}

/** A set of files of one's own, as CSV. @throws HooklineError `HOOKLINE_SPLIT`, and as the readers */
async function ownJobs({ config, task }: FinetuneRun, split: string, out: string, options: UseOptions): Promise<readonly Job[]> {
  const set = await loadSet(config, task, split, false);
  tellSkipped([set], options);
  const path = join(out, `${split}.csv`);
  return [{ set, write: (predictions) => replaceFile('predictions', path, formatOwnPredictions(task.target, set.examples, predictions)).then(() => path) }];
}

/**
 * Predicts a set. Of a GLUE task it is written as the server takes it; `test` stands for all files of the task, and MNLI's models predict AX too: as split
 * `ax`. Of files of one's own it becomes `SPLIT.csv`, with the columns `index` (of the example, from 0) and `prediction` (a class's name, or a number).
 * @throws HooklineError `HOOKLINE_RUN`, `HOOKLINE_SPLIT`, `HOOKLINE_WRITE`, and as the readers
 */
export async function predictSet(directory: string, split: string, out: string, options: UseOptions = {}): Promise<Written> {
  const run = oneRun(directory);
  requireDirectoryPlace(out);
  const jobs = run.config.task === undefined ? await ownJobs(run, split, out, options) : await submissionJobs(run, split, out, options);
  const opened = await open(run, options);
  try {
    const files: string[] = [];
    for (const { set, write } of jobs) files.push(await write((await opened.predict(set.examples)).map(({ value }) => value)));
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
