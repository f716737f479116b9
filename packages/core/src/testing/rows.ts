import type { Data } from '../learner.js';
import { permutation, uniform } from '../random.js';

/** A batch of rows: inputs, targets, and which rows the second objective counts. */
export interface Rows {
  readonly count: number; // N
  readonly inputs: Float64Array; // [N, H]
  readonly targets: Float64Array; // [N, H]
  readonly masked: Float64Array; // [N], 0 or 1
}

export interface RowsOptions {
  readonly rows: number;
  readonly batch: number;
  readonly width: number;
  readonly seed: number;
}

function rowsOf(ids: readonly number[], epoch: number, { width, seed }: RowsOptions): Rows {
  const inputs = Float64Array.from(ids.flatMap((id) => Array.from({ length: width }, (_, k) => uniform(seed, 'input', id, k) - 0.5)));
  const masked = Float64Array.from(ids, (id) => (uniform(seed, 'mask', epoch, id) < 0.3 ? 1 : 0));
  return { count: ids.length, inputs, targets: inputs.map((x) => Math.sin(3 * x)), masked };
}

/** Rows in an order of its own for each epoch; every number is a function of seed, epoch and row. The last batch of an epoch may be short. */
export function rowsData(options: RowsOptions): Data<Rows> {
  const { rows, batch, seed } = options;
  const batchesPerEpoch = Math.ceil(rows / batch);
  return {
    batchesPerEpoch,
    batch(position) {
      const epoch = Math.floor(position / batchesPerEpoch);
      const start = (position % batchesPerEpoch) * batch;
      return rowsOf([...permutation(seed, 'order', epoch, rows).subarray(start, start + batch)], epoch, options);
    },
    counts: ({ count, masked }) => ({ all: count, masked: masked.reduce((sum, one) => sum + one, 0) }),
  };
}

/** Rows that training never sees. */
export const heldOutRows = (batch: number, options: RowsOptions): Rows =>
  rowsOf(
    Array.from({ length: options.batch }, (_, i) => options.rows + batch * options.batch + i),
    0,
    options,
  );
