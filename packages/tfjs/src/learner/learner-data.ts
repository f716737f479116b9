import { type Counts, type Data, HooklineError, parseOptions } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { callable } from './learner-options.js';
import { type Examples, type TensorRows, tensorRows } from './tensor-rows.js';

/** Batches by position. An object of any kind may give them. */
const batches = z.looseObject({ batchesPerEpoch: z.int().positive(), batch: callable, counts: callable });

const fault = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_OPTIONS', what, { hint });

/** A data set of tfjs-data: it has a `batch` too, which is something else. */
const isDataset = (given: object): boolean =>
  ['iterator', 'mapAsync', 'forEachAsync'].some((name) => typeof (given as Record<string, unknown>)[name] === 'function');

/** Whether a data option gives batches, not rows of tensors. */
const isBatches = <X, Y>(given: TensorRows<X, Y> | Data<Examples<X, Y>>): given is Data<Examples<X, Y>> => 'batch' in given;

/** The user's batches, each looked at as it comes: what is not there would be a NaN, or an error of TensorFlow.js, far from here. */
function checked<X, Y>(what: string, data: Data<Examples<X, Y>>): Data<Examples<X, Y>> {
  const batchOf = (batch: Examples<X, Y>): Examples<X, Y> => {
    if (typeof batch === 'object' && batch !== null && 'xs' in batch && 'ys' in batch) return batch;
    throw fault(
      `${what}: batch() answers with ${Array.isArray(batch) ? 'an array' : `a value of type ${typeof batch}`} without xs and ys`,
      'answer with { xs, ys }',
    );
  };
  return {
    batchesPerEpoch: data.batchesPerEpoch,
    batch(position) {
      const batch = data.batch(position);
      return typeof (batch as Promise<unknown> | undefined)?.then === 'function'
        ? (batch as Promise<Examples<X, Y>>).then(batchOf)
        : batchOf(batch as Examples<X, Y>);
    },
    counts(batch) {
      const counts: Counts = data.counts(batch);
      if (Number.isFinite(counts?.['loss'])) return counts;
      const given = typeof counts === 'object' && counts !== null ? `{ ${Object.keys(counts).join(', ')} }` : String(counts);
      throw new HooklineError('HOOKLINE_OBJECTIVE', `${what}: counts() answers with ${given}, and objective 'loss' has no item count`, {
        hint: 'answer with { loss: items }, the number of rows for most losses',
      });
    },
  };
}

/**
 * The data of a learner: tensors with a row an example, or batches by position.
 * @param what whose data it is, as errors name it: `functionLearner: data`
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_SHAPE` for tensors that differ in their rows; later, from a batch of the user's own, `HOOKLINE_OPTIONS`
 *   where it has no xs and ys, and `HOOKLINE_OBJECTIVE` where its `counts` do not say `loss`
 */
export function dataOf<X, Y>(what: string, given: TensorRows<X, Y> | Data<Examples<X, Y>>): Data<Examples<X, Y>> {
  if (typeof given !== 'object' || given === null || Array.isArray(given) || given instanceof tf.Tensor) {
    const got = given instanceof tf.Tensor ? 'a tensor' : Array.isArray(given) ? 'an array' : given === undefined ? 'missing' : String(given);
    throw fault(`${what} is ${got}`, 'give { xs, ys }, or batches of your own: { batchesPerEpoch, batch, counts }');
  }
  if (isDataset(given)) {
    throw fault(
      `${what} is a data set of tf.data, whose examples have no positions`,
      'give tensors { xs, ys }, or { batchesPerEpoch, batch, counts } whose batch(position) answers with { xs, ys }',
    );
  }
  if (!isBatches(given)) return tensorRows(given, what);
  parseOptions(what, batches, given);
  return checked(what, given);
}

/**
 * The evaluation sets of a learner, by name.
 * @param who whose they are: `functionLearner`
 * @throws HooklineError as `dataOf`
 */
export const setsOf = <X, Y>(
  who: string,
  given: Readonly<Record<string, TensorRows<X, Y> | Data<Examples<X, Y>>>> = {},
): ReadonlyMap<string, Data<Examples<X, Y>>> => {
  if ('xs' in given && 'ys' in given) throw fault(`${who}: evaluation is a set without a name`, 'name it: evaluation: { validation: { xs, ys } }');
  return new Map(Object.entries(given).map(([name, set]) => [name, dataOf(`${who}: evaluation set '${name}'`, set)]));
};
