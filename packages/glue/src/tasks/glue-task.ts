import type { TextTask } from './task.js';

export type GlueTaskName = 'cola' | 'sst2' | 'mrpc' | 'stsb' | 'qqp' | 'mnli' | 'qnli' | 'rte' | 'wnli' | 'ax';

/** Sets as the official files name them; only MNLI has the matched and mismatched ones. */
export type GlueSplit = 'train' | 'dev' | 'test' | 'dev_matched' | 'dev_mismatched' | 'test_matched' | 'test_mismatched';

/** One file of the official layout: tab-separated, no quoting. */
export interface SplitLayout {
  /** Paths below the data folder under which the file is distributed; the first is the usual one. */
  readonly files: readonly string[];
  /** Names of all columns in order. */
  readonly columns: readonly string[];
  /** Whether the first line holds them: CoLA's train and dev files have no header. */
  readonly header: boolean;
  /** Columns of the texts, from 0. */
  readonly texts: readonly [number] | readonly [number, number];
  /** Column of the label, from 0; undefined where it is kept back. */
  readonly label: number | undefined;
  /** Examples that the published set has. */
  readonly rows: number;
  /** The split in the Hugging Face layout, e.g. `validation_matched`. */
  readonly hub: string;
}

/** A file of predictions that the GLUE server expects. */
export interface SubmissionFile {
  /** e.g. `MNLI-m`; the file is `MNLI-m.tsv`. */
  readonly name: string;
  readonly split: GlueSplit;
}

/** A task of the GLUE benchmark (Wang et al. 2018). Its name is also the configuration in the data set `nyu-mll/glue`. */
export interface GlueTask extends TextTask {
  readonly name: GlueTaskName;
  /** As papers write it, e.g. `SST-2`. */
  readonly title: string;
  readonly splits: Readonly<Partial<Record<GlueSplit, SplitLayout>>>;
  /** Splits that have labels and are not trained on; the first is the one that chooses a checkpoint. */
  readonly evaluation: readonly GlueSplit[];
  readonly submissions: readonly SubmissionFile[];
  /** How a label is written in the official files and in submissions: its index, its name, or a number. */
  readonly written: 'index' | 'name' | 'number';
  /** Columns of the texts in the Hugging Face layout, e.g. `question1`, `question2`. */
  readonly hubTexts: readonly [string] | readonly [string, string];
}
