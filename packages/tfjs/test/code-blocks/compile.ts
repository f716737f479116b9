/** A compiled function and its gradient, as docs/compile.md shows them. */
import { deepStrictEqual } from 'node:assert/strict';
import { loadEngine } from '@hookline/tfjs';

await loadEngine('cpu');
const x = tf.tensor2d([[1, -2]]);
const w = tf.tensor2d([[3], [1]]);
const b = tf.tensor1d([0.5]);

import { compile } from '@hookline/tfjs';
import * as tf from '@tensorflow/tfjs-core';

const block = compile((x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.relu(tf.add(tf.matMul(x, w), b)));
const y = block(x, w, b); // recorded
const dx = tf.grad((x) => block(x, w, b))(x); // its gradient is a graph too

deepStrictEqual([...y.dataSync()], [1.5]);
deepStrictEqual([...dx.dataSync()], [3, 1]);
