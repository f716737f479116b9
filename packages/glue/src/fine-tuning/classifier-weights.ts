import { type BertConfig, fitWeights, type Labels, type Tokenizer } from '@hookline/bert';
import { HooklineError, type NamedTensor, nameList, type Tensors } from '@hookline/core';
import type { Target } from '../tasks/task.js';

/** A model to fine-tune or to predict with: what `readPretrained` gives. */
export interface PretrainedModel {
  readonly config: BertConfig;
  readonly tensors: Tensors;
  readonly tokenizer: Tokenizer;
  /** What the rows of its classifier mean, where it has one. */
  readonly labels?: Labels;
}

const weight = 'classifier.weight';
const bias = 'classifier.bias';

/** Names of the classifier's rows for a target. */
export const labelsOf = (target: Target): Labels => (target.kind === 'classes' ? { names: target.labels } : { names: ['score'], regression: true });

function pickRows({ shape, data }: NamedTensor, rows: readonly number[]): NamedTensor {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const picked = new Float32Array(rows.length * width);
  for (const [to, from] of rows.entries()) picked.set(Array.from(data.slice(from * width, (from + 1) * width)), to * width);
  return { shape: [rows.length, ...shape.slice(1)], data: picked };
}

const unnamed = (names: readonly string[]): boolean => names.every((name, id) => name === `LABEL_${id}`);

/** The place of each name, where every one has a place of its own. */
function placesOf(wanted: readonly string[], known: readonly string[]): readonly number[] | undefined {
  const places = wanted.map((name) => known.indexOf(name));
  return places.includes(-1) || new Set(places).size < places.length ? undefined : places;
}

const lowerCase = (names: readonly string[]): readonly string[] => names.map((name) => name.toLowerCase());

/**
 * For each label of the target the classifier's row: through names where the checkpoint has them, in any order, and in another case where that leaves no doubt;
 * by place where its rows have no names but `LABEL_0` and so on.
 */
function rowsFor(target: Target, { names }: Labels, source: string): readonly number[] {
  const wanted = labelsOf(target).names;
  if (wanted.length === names.length) {
    const rows = placesOf(wanted, names) ?? placesOf(lowerCase(wanted), lowerCase(names));
    if (rows) return rows;
    if (target.kind === 'number' || unnamed(names)) return wanted.map((_, i) => i);
  }
  const list = (labels: readonly string[]): string => `${labels.length} label${labels.length === 1 ? '' : 's'} (${nameList(labels)})`;
  throw new HooklineError('HOOKLINE_LABELS', `the classifier of ${source} has ${list(names)}, the task ${list(wanted)}`, {
    hint: "train a new classifier (head: 'new', --new-head), or choose another checkpoint",
  });
}

export interface ClassifierOptions {
  /** `keep`: the checkpoint's classifier where it has one, which must have the task's labels (default); `new`: a new one; `need`: the checkpoint's. */
  readonly head?: 'keep' | 'new' | 'need';
  /** Key of what is made anew. */
  readonly seed?: number;
  readonly source?: string;
}

/** Weights of a classifier of the task, in the order of the task's labels. */
export interface ClassifierWeights {
  readonly tensors: Tensors;
  readonly heads: { readonly nsp: false; readonly mlm: false; readonly labels: number };
  /** Names of what was made anew. */
  readonly created: readonly string[];
}

/**
 * The weights of a checkpoint with a classifier for a target. The classifier's rows are matched with the task's labels by name, whatever order the checkpoint
 * numbers them in.
 * @throws HooklineError `HOOKLINE_LABELS` where its classifier has other labels, `HOOKLINE_BERT_WEIGHTS`
 */
export function classifierWeights({ config, tensors, labels }: PretrainedModel, target: Target, options: ClassifierOptions = {}): ClassifierWeights {
  const { head = 'keep', seed = 0, source = 'the checkpoint' } = options;
  const given = new Map(Object.entries(tensors));
  const rows = given.get(weight)?.shape[0];
  if (head === 'new') {
    given.delete(weight);
    given.delete(bias);
  } else if (rows !== undefined && given.has(bias)) {
    const order = rowsFor(target, labels ?? { names: Array.from({ length: rows }, (_, id) => `LABEL_${id}`) }, source);
    for (const name of [weight, bias]) given.set(name, pickRows(given.get(name)!, order));
  }
  const count = labelsOf(target).names.length;
  const wish = head === 'need' ? 'need' : 'create';
  const fitted = fitWeights(given, config, { wishes: { mlm: 'drop', nsp: 'drop', pooler: wish, classifier: wish }, labels: count, seed, source });
  return { tensors: fitted.tensors, heads: { nsp: false, mlm: false, labels: count }, created: fitted.created };
}
