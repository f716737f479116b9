import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkOp, numbers } from '../../test/check-op.js';
import { testedEngines, useEngine } from '../../test/engines.js';
import { embedding } from './embedding.js';
import { gatherPositions, gatherRows } from './gather-rows.js';
import { scatterRows } from './scatter-rows.js';

const pick =
  (rows: readonly number[], width: number) =>
  (x: Float64Array): Float64Array =>
    Float64Array.from({ length: rows.length * width }, (_, i) => x[(rows[Math.floor(i / width)] as number) * width + (i % width)] as number);

describe.each(testedEngines)('rows by number on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([
    { height: 1, width: 1, rows: [0] },
    { height: 5, width: 3, rows: [4, 0, 0, 2, 4, 4, 4] },
    { height: 9, width: 6, rows: [8] },
  ])('gathers rows and sums the gradients of rows that repeat: $rows of $height', ({ height, width, rows }) => {
    const ids = tf.tensor1d([...rows], 'int32');
    checkOp({ inputs: [numbers([height, width], 1)], op: (x) => gatherRows(x as tf.Tensor, ids), reference: pick(rows, width), shape: [rows.length, width] });
    ids.dispose();
  });

  it('looks up ids of any shape', () => {
    const ids = tf.tensor2d([1, 3, 3, 0, 1, 1], [2, 3], 'int32');
    checkOp({ inputs: [numbers([4, 5], 1)], op: (table) => embedding(table as tf.Tensor, ids), reference: pick([1, 3, 3, 0, 1, 1], 5), shape: [2, 3, 5] });
    ids.dispose();
  });

  it('gathers positions inside each row of a batch', () => {
    const positions = tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32');
    checkOp({ inputs: [numbers([2, 3, 4], 1)], op: (x) => gatherPositions(x as tf.Tensor, positions), reference: pick([2, 0, 4, 4], 4), shape: [4, 4] });
    positions.dispose();
  });
});

describe.each(['wasm', 'cpu'] as const)('rows out of range on %s', (engine) => {
  beforeAll(() => useEngine(engine));

  it.each([-1, 3])('names the number, forward and backward: %i', (row) => {
    const rows = tf.tensor1d([0, row], 'int32');
    const x = tf.zeros([3, 2]);
    const named = expect.objectContaining({ code: 'HOOKLINE_ROW_RANGE', message: expect.stringContaining(`${row}`) });
    expect(() => gatherRows(x, rows)).toThrow(named);
    expect(() => scatterRows(tf.zeros([2, 2]), rows, 3)).toThrow(named);
    tf.dispose([x, rows]);
  });
});
