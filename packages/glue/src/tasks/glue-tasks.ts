import { didYouMean, HooklineError } from '@hookline/core';
import type { GlueSplit, GlueTask, GlueTaskName, SplitLayout } from './glue-task.js';
import type { Target } from './task.js';

/** Classes, in the order of the ids that Hugging Face's data sets give them. */
const classes = (...labels: string[]): Target => ({ kind: 'classes', labels });
const inference = classes('entailment', 'neutral', 'contradiction');
const twoWay = classes('entailment', 'not_entailment');

type Texts = SplitLayout['texts'];
const hubSplits: Readonly<Record<GlueSplit, string>> = {
  train: 'train',
  dev: 'validation',
  test: 'test',
  dev_matched: 'validation_matched',
  dev_mismatched: 'validation_mismatched',
  test_matched: 'test_matched',
  test_mismatched: 'test_mismatched',
};

/** A file with a header; `label` is the last column unless the labels are kept back. */
function file(folder: string, split: GlueSplit, rows: number, columns: string, texts: Texts, labels: 'labels' | 'no labels'): SplitLayout {
  const names = columns.split(', ');
  const label = labels === 'labels' ? names.length - 1 : undefined;
  return { files: [`${folder}/${split}.tsv`], columns: names, header: true, texts, label, rows, hub: hubSplits[split] };
}

/** Train, dev and test of a task whose test file has the columns of the others, less the label. */
function usual(folder: string, rows: readonly [train: number, dev: number, test: number], columns: string, label: string, texts: Texts): GlueTask['splits'] {
  return {
    train: file(folder, 'train', rows[0], `${columns}, ${label}`, texts, 'labels'),
    dev: file(folder, 'dev', rows[1], `${columns}, ${label}`, texts, 'labels'),
    test: file(folder, 'test', rows[2], columns, texts, 'no labels'),
  };
}

const evaluation = ['dev'] as const;
const pair = ['sentence1', 'sentence2'] as const;
const submitted = (title: string): Pick<GlueTask, 'title' | 'submissions'> => ({ title, submissions: [{ name: title, split: 'test' }] });

const cola = (split: 'train' | 'dev', rows: number): SplitLayout => ({
  files: [`CoLA/${split}.tsv`],
  columns: ['source', 'label', 'mark', 'sentence'],
  header: false,
  texts: [3],
  label: 1,
  rows,
  hub: hubSplits[split],
});

const mrpcColumns = '#1 ID, #2 ID, #1 String, #2 String';
const mrpc = (split: 'train' | 'dev', rows: number): SplitLayout => ({
  ...file('MRPC', split, rows, `Quality, ${mrpcColumns}`, [3, 4], 'labels'),
  label: 0,
});

const mnliColumns = 'index, promptID, pairID, genre, sentence1_binary_parse, sentence2_binary_parse, sentence1_parse, sentence2_parse, sentence1, sentence2';
const mnliDevColumns = `${mnliColumns}, label1, label2, label3, label4, label5, gold_label`;
const mnliTexts = [8, 9] as const;

/** The nine tasks of GLUE and its diagnostic set, by name. */
export const glueTasks: Readonly<Record<GlueTaskName, GlueTask>> = {
  cola: {
    name: 'cola',
    ...submitted('CoLA'),
    texts: 1,
    target: classes('unacceptable', 'acceptable'),
    metrics: ['matthews'],
    splits: {
      train: cola('train', 8551),
      dev: cola('dev', 1043),
      test: file('CoLA', 'test', 1063, 'index, sentence', [1], 'no labels'),
    },
    evaluation,
    written: 'index',
    hubTexts: ['sentence'],
  },
  sst2: {
    name: 'sst2',
    ...submitted('SST-2'),
    texts: 1,
    target: classes('negative', 'positive'),
    metrics: ['accuracy'],
    splits: {
      train: file('SST-2', 'train', 67_349, 'sentence, label', [0], 'labels'),
      dev: file('SST-2', 'dev', 872, 'sentence, label', [0], 'labels'),
      test: file('SST-2', 'test', 1821, 'index, sentence', [1], 'no labels'),
    },
    evaluation,
    written: 'index',
    hubTexts: ['sentence'],
  },
  mrpc: {
    name: 'mrpc',
    ...submitted('MRPC'),
    texts: 2,
    target: classes('not_equivalent', 'equivalent'),
    metrics: ['accuracy', 'f1'],
    splits: {
      train: mrpc('train', 3668),
      dev: mrpc('dev', 408),
      test: file('MRPC', 'test', 1725, `index, ${mrpcColumns}`, [3, 4], 'no labels'),
    },
    evaluation,
    written: 'index',
    hubTexts: pair,
  },
  stsb: {
    name: 'stsb',
    ...submitted('STS-B'),
    texts: 2,
    target: { kind: 'number', range: [0, 5] },
    metrics: ['pearson', 'spearman'],
    splits: usual('STS-B', [5749, 1500, 1379], 'index, genre, filename, year, old_index, source1, source2, sentence1, sentence2', 'score', [7, 8]),
    evaluation,
    written: 'number',
    hubTexts: pair,
  },
  qqp: {
    name: 'qqp',
    ...submitted('QQP'),
    texts: 2,
    target: classes('not_duplicate', 'duplicate'),
    metrics: ['accuracy', 'f1'],
    splits: {
      train: file('QQP', 'train', 363_846, 'id, qid1, qid2, question1, question2, is_duplicate', [3, 4], 'labels'),
      dev: file('QQP', 'dev', 40_430, 'id, qid1, qid2, question1, question2, is_duplicate', [3, 4], 'labels'),
      test: file('QQP', 'test', 390_965, 'id, question1, question2', [1, 2], 'no labels'),
    },
    evaluation,
    written: 'index',
    hubTexts: ['question1', 'question2'],
  },
  mnli: {
    name: 'mnli',
    title: 'MNLI',
    texts: 2,
    target: inference,
    metrics: ['accuracy'],
    splits: {
      train: file('MNLI', 'train', 392_702, `${mnliColumns}, label1, gold_label`, mnliTexts, 'labels'),
      dev_matched: file('MNLI', 'dev_matched', 9815, mnliDevColumns, mnliTexts, 'labels'),
      dev_mismatched: file('MNLI', 'dev_mismatched', 9832, mnliDevColumns, mnliTexts, 'labels'),
      test_matched: file('MNLI', 'test_matched', 9796, mnliColumns, mnliTexts, 'no labels'),
      test_mismatched: file('MNLI', 'test_mismatched', 9847, mnliColumns, mnliTexts, 'no labels'),
    },
    evaluation: ['dev_matched', 'dev_mismatched'],
    submissions: [
      { name: 'MNLI-m', split: 'test_matched' },
      { name: 'MNLI-mm', split: 'test_mismatched' },
    ],
    written: 'name',
    hubTexts: ['premise', 'hypothesis'],
  },
  qnli: {
    name: 'qnli',
    ...submitted('QNLI'),
    texts: 2,
    target: twoWay,
    metrics: ['accuracy'],
    splits: usual('QNLI', [104_743, 5463, 5463], 'index, question, sentence', 'label', [1, 2]),
    evaluation,
    written: 'name',
    hubTexts: ['question', 'sentence'],
  },
  rte: {
    name: 'rte',
    ...submitted('RTE'),
    texts: 2,
    target: twoWay,
    metrics: ['accuracy'],
    splits: usual('RTE', [2490, 277, 3000], 'index, sentence1, sentence2', 'label', [1, 2]),
    evaluation,
    written: 'name',
    hubTexts: pair,
  },
  wnli: {
    name: 'wnli',
    ...submitted('WNLI'),
    texts: 2,
    target: classes('not_entailment', 'entailment'),
    metrics: ['accuracy'],
    splits: usual('WNLI', [635, 71, 146], 'index, sentence1, sentence2', 'label', [1, 2]),
    evaluation,
    written: 'index',
    hubTexts: pair,
  },
  ax: {
    name: 'ax',
    ...submitted('AX'),
    texts: 2,
    target: inference,
    metrics: ['matthews'],
    splits: {
      test: {
        ...file('AX', 'test', 1104, 'index, sentence1, sentence2', [1, 2], 'no labels'),
        files: ['AX/AX.tsv', 'AX/test.tsv', 'diagnostic/diagnostic.tsv'],
      },
    },
    evaluation: [],
    written: 'name',
    hubTexts: ['premise', 'hypothesis'],
  },
};

/**
 * A task by its name, as papers or as Hugging Face write it: `SST-2`, `sst2`.
 * @throws HooklineError `HOOKLINE_TASK` for a name that no task has
 */
export function glueTask(name: string): GlueTask {
  const plain = name.toLowerCase().replaceAll('-', '');
  const found = Object.values(glueTasks).find((task) => task.name === plain);
  if (found) return found;
  throw new HooklineError('HOOKLINE_TASK', `there is no GLUE task '${name}'`, { hint: didYouMean(plain, Object.keys(glueTasks)) });
}

/**
 * The layout of a task's split.
 * @throws HooklineError `HOOKLINE_SPLIT` where the task has no such split
 */
export function splitLayout(task: GlueTask, split: string): SplitLayout {
  const layout = Object.entries(task.splits).find(([name]) => name === split)?.[1];
  if (layout) return layout;
  throw new HooklineError('HOOKLINE_SPLIT', `${task.title} has no set '${split}'`, { hint: didYouMean(split, Object.keys(task.splits)) });
}
