import { type Data, HooklineError, parseOptions, permutation } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { type Structure, structureOf } from '../compile/structure.js';

/** A tensor, or several in an array or by name. */
export type TensorTree = tf.Tensor | readonly tf.Tensor[] | Readonly<Record<string, tf.Tensor>>;

/** A batch: what the model is given, and what it should answer. */
export interface Examples<X, Y> {
  readonly xs: X;
  readonly ys: Y;
}

/** A data set in memory: along the first axis of each tensor its examples. The tensors stay the caller's and must live as long as the learner. */
export interface TensorRows<X, Y> extends Examples<X, Y> {
  /** Rows in a batch, 32 by default; the last batch of an epoch has what is left. */
  readonly batchSize?: number;
  /** Whether each epoch has an order of its own; default true. */
  readonly shuffle?: boolean;
  /** Key of the orders, default 0. */
  readonly seed?: number;
}

const tree = z.custom((value) => value !== undefined, 'must be a tensor, or tensors in an array or a plain object');

const options = z.strictObject({
  xs: tree,
  ys: tree,
  batchSize: z.int().min(1).default(32),
  shuffle: z.boolean().default(true),
  seed: z.int().min(0).default(0),
});

const keepThem = 'the learner reads them at each step: dispose of them after it';

function treeOf(what: string, value: unknown): Structure {
  const tree = structureOf(value);
  if (tree?.tensors.some(({ isDisposed }) => isDisposed)) throw new HooklineError('HOOKLINE_OPTIONS', `${what}: a tensor is disposed of`, { hint: keepThem });
  if (!tree || tree.tensors.length === 0 || tree.tensors.some(({ rank }) => rank === 0)) {
    throw new HooklineError('HOOKLINE_OPTIONS', `${what}: must be a tensor, or tensors in an array or a plain object, with the examples along the first axis`);
  }
  return tree;
}

/**
 * Batches of rows of tensors, each a pure function of its position. A batch makes its tensors when `xs` or `ys` is read, and they are the reader's to free
 * (`tf.tidy`); between steps there is nothing on the device. The count of `loss` is the number of rows.
 * @param who whose rows they are, as errors name it
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_SHAPE` where the tensors differ in their number of rows
 */
export function tensorRows<X, Y>(rows: TensorRows<X, Y>, who = 'tensorRows'): Data<Examples<X, Y>> {
  const { batchSize, shuffle, seed } = parseOptions(who, options, rows);
  const xs = treeOf(`${who}: xs`, rows.xs);
  const ys = treeOf(`${who}: ys`, rows.ys);
  const counts = new Set([...xs.tensors, ...ys.tensors].map(({ shape }) => shape[0] as number));
  const [count] = counts;
  if (counts.size !== 1 || !count) {
    throw new HooklineError('HOOKLINE_SHAPE', `xs and ys have ${[...counts].join(' and ')} rows`, {
      hint: 'each example is one row in each tensor, and there is one at least',
    });
  }
  const batchesPerEpoch = Math.ceil(count / batchSize);
  const sizes = new WeakMap<Examples<X, Y>, number>();
  let known: { readonly epoch: number; readonly order: ArrayLike<number> } | undefined; // what makes `batch` fast, not what it depends on

  const orderOf = (epoch: number): ArrayLike<number> => {
    if (known?.epoch !== epoch) known = { epoch, order: shuffle ? permutation(seed, 'order', epoch, count) : Array.from({ length: count }, (_, i) => i) };
    return known.order;
  };
  const pick = (tree: Structure, numbers: Int32Array): unknown => {
    if (tree.tensors.some(({ isDisposed }) => isDisposed)) {
      throw new HooklineError('HOOKLINE_OPTIONS', `${who}: a tensor was disposed of since`, { hint: keepThem });
    }
    const index = tf.tensor1d(numbers, 'int32');
    const picked = tree.rebuild(tree.tensors.map((tensor) => tf.gather(tensor, index)));
    index.dispose();
    return picked;
  };

  return {
    batchesPerEpoch,
    batch(position) {
      const first = (position % batchesPerEpoch) * batchSize;
      const order = orderOf(Math.floor(position / batchesPerEpoch));
      const numbers = Int32Array.from({ length: Math.min(batchSize, count - first) }, (_, i) => order[first + i] as number);
      const batch: Examples<X, Y> = {
        get xs() {
          return pick(xs, numbers) as X;
        },
        get ys() {
          return pick(ys, numbers) as Y;
        },
      };
      sizes.set(batch, numbers.length);
      return batch;
    },
    counts: (batch) => ({ loss: sizes.get(batch) as number }),
  };
}
