import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadEngine } from '../engines/index.js';
import { graphOf } from './graph.js';
import { keyedDropout } from './keyed-dropout.js';

await loadEngine('cpu');
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

class Own extends tfl.layers.Layer {
  static className = 'Dropout';
  override call(x: tf.Tensor | tf.Tensor[]) {
    return tf.mul(Array.isArray(x) ? (x[0] as tf.Tensor) : x, 3);
  }
}

const ones = tf.ones([4, 10, 6]);

/** What a layer gives in training, by each key; twice by the last. */
function draws(layer: tfl.layers.Layer, seeds: readonly (readonly [number, number])[]): (readonly number[])[] {
  const input = tfl.input({ shape: [10, 6] });
  const drawing = keyedDropout(graphOf(tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor })));
  const once = () => [...(layer.apply(ones, { training: true }) as tf.Tensor).dataSync()];
  return drawing.run(() => seeds.flatMap((seed, i) => drawing.within(seed, () => (i === seeds.length - 1 ? [once(), once()] : [once()]))));
}

it('a dropout draws by its key, and anew at each call by one', () => {
  const [first, other, again, more] = draws(tfl.layers.dropout({ rate: 0.5 }), [[1, 2], [1, 3], [1, 2]]); // biome-ignore format: keys
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(more).not.toEqual(first);
  expect(new Set(first)).toEqual(new Set([0, 2]));
});

it('a wrapper draws for each part of a series by itself', () => {
  const [first, again] = draws(tfl.layers.timeDistributed({ layer: tfl.layers.dropout({ rate: 0.5 }) }), [[1, 2], [1, 2]]); // biome-ignore format: keys
  expect(again).toEqual(first);
  const steps = Array.from({ length: 10 }, (_, t) => first?.slice(t * 6, t * 6 + 6).join());
  expect(new Set(steps).size).toBeGreaterThan(3);
});

it('leaves alone what drops out in another way: by channel, and as a class of that name does', () => {
  const [spatial] = draws(tfl.layers.spatialDropout1d({ rate: 0.5 }), [[1, 2]]);
  for (let row = 0; row < 4; row++) {
    for (let channel = 0; channel < 6; channel++) {
      const values = Array.from({ length: 10 }, (_, t) => spatial?.[row * 60 + t * 6 + channel]);
      expect(new Set(values).size).toBe(1);
    }
  }
  expect(new Set(draws(new Own(), [[1, 2]])[0])).toEqual(new Set([3]));
});
