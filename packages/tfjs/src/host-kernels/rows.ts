import { HooklineError } from '@hookline/core';
import type { HostArray, HostKernel } from './register.js';

function checkRows(rows: HostArray, height: number): void {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row < 0 || row >= height) {
      throw new HooklineError('HOOKLINE_ROW_RANGE', `row number ${row} (entry ${i}) is outside a table of ${height} rows`, {
        hint: 'the numbers of words, types or positions must fit the table: check the vocabulary against the model',
      });
    }
  }
}

/** values[i] added to out[rows[i]], for each i: values [N, W], out [V, W]. */
function addRows(values: HostArray, rows: HostArray, width: number, out: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    const to = (rows[i] as number) * width;
    const from = i * width;
    for (let j = 0; j < width; j++) out[to + j] = (out[to + j] as number) + (values[from + j] as number);
  }
}

/** y[i] = x[rows[i]]: x [V, W], rows int32 [N], y [N, W]. */
export const gatherRowsKernel: HostKernel = {
  name: 'HooklineGatherRows',
  run: (call) => {
    const [height, width] = call.shape('x') as [number, number];
    checkRows(call.read('rows'), height);
    const y = call.output([call.shape('rows')[0] as number, width]);
    const out = call.write(y);
    const x = call.read('x') as Float32Array;
    const rows = call.read('rows');
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      out.set(x.subarray(row * width, (row + 1) * width), i * width);
    }
    return y;
  },
};

/** out[v] = Σ values[i] over rows[i] = v: values [N, W], rows int32 [N], out [height, W]. */
export const scatterRowsKernel: HostKernel = {
  name: 'HooklineScatterRows',
  run: (call) => {
    const width = call.shape('values')[1] as number;
    const height = call.attribute('height');
    checkRows(call.read('rows'), height);
    const y = call.output([height, width]);
    addRows(call.read('values'), call.read('rows'), width, call.write(y).fill(0));
    return y;
  },
};

/** The kernel of that name in tfjs, which the wasm backend lacks: the gradient of `tf.gather`. x [N, ...], out [numSegments, ...]. */
export const unsortedSegmentSumKernel: HostKernel = {
  name: 'UnsortedSegmentSum',
  run: (call) => {
    const [, ...rest] = call.shape('x');
    const height = call.attribute('numSegments');
    checkRows(call.read('segmentIds'), height);
    const width = rest.reduce((product, n) => product * n, 1);
    const y = call.output([height, ...rest]);
    addRows(call.read('x'), call.read('segmentIds'), width, call.write(y).fill(0));
    return y;
  },
};
