import type { Block, BlockScope } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { dropout } from '../ops/index.js';
import type { Layer } from './graph.js';

type Seed = BlockScope<tf.Tensor>['seed'];

/** A dropout layer of the plain kind: its mask has the shape of its input. */
interface DropoutLayer extends Layer {
  readonly rate: number;
  readonly noiseShape: readonly number[] | null | undefined;
}

const isPlain = (layer: Layer): layer is DropoutLayer => layer.getClassName() === 'Dropout' && ((layer as DropoutLayer).noiseShape ?? null) === null;

export interface KeyedDropout {
  /** Calls `f` while the dropout layers draw by keys. */
  run<R>(f: () => R): R;
  /** Calls `f` while they draw by this key. */
  within<R>(seed: Seed, f: () => R): R;
  /** The block whose bodies draw by their scope's key. */
  keyed(block: Block<tf.Tensor>): Block<tf.Tensor>;
}

/**
 * Dropout layers draw from a generator that nobody can set back: under the trainer they draw by the keys of step and block instead, so that a resumed run
 * draws the same and a block with dropout can be compiled. Layers that are not plain dropout keep their own ways.
 */
export function keyedDropout(layers: Iterable<Layer>): KeyedDropout {
  const plain = [...new Set(layers)].filter(isPlain);
  let current: Seed = [0, 0];

  const within = <R>(seed: Seed, f: () => R): R => {
    const before = current;
    current = seed;
    try {
      return f();
    } finally {
      current = before;
    }
  };

  return {
    run(f) {
      for (const [salt, layer] of plain.entries()) {
        layer.call = (inputs, kwargs) => {
          const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
          return kwargs?.['training'] ? dropout(x, layer.rate, current, salt) : x;
        };
      }
      try {
        return f();
      } finally {
        for (const layer of plain) delete (layer as Partial<DropoutLayer>).call;
      }
    },
    within,
    keyed:
      (block) =>
      (name, x, body, ...inputs) =>
        block(name, x, (at, scope, ...given) => within(scope.seed, () => body(at, scope, ...given)), ...inputs),
  };
}
