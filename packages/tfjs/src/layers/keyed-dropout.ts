import type { Block, BlockScope } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { dropout } from '../ops/index.js';
import type { Graph, Layer } from './graph.js';

type Seed = BlockScope<tf.Tensor>['seed'];

/** A dropout layer of the plain kind: its mask has the shape of its input. */
interface DropoutLayer extends Layer {
  readonly rate: number;
  readonly noiseShape: readonly number[] | null | undefined;
}

/** The class itself: those that extend it, tf.layers' spatial dropout and the user's own, draw otherwise. */
const Dropout = tfl.layers.dropout({ rate: 0, name: 'stock' }).constructor;

const isPlain = (layer: Layer): layer is DropoutLayer => layer.constructor === Dropout && ((layer as DropoutLayer).noiseShape ?? null) === null;

/** A layer and all that it calls: those of a model, the one that a wrapper repeats. */
function withInner(layer: Layer): readonly Layer[] {
  const { layers, layer: wrapped, forwardLayer, backwardLayer } = layer as { [K in 'layer' | 'forwardLayer' | 'backwardLayer']?: Layer } & { layers?: Layer[] };
  const inner = [...(Array.isArray(layers) ? layers : []), wrapped, forwardLayer, backwardLayer].filter((one) => one instanceof tfl.layers.Layer);
  return [layer, ...inner.flatMap(withInner)];
}

export interface KeyedDropout {
  /** Calls `f` while the dropout layers draw by keys. */
  run<R>(f: () => R): R;
  /** Calls `f` while they draw by this key; a layer that is called more than once draws each time by a salt of its own. */
  within<R>(seed: Seed, f: () => R): R;
  /** The block whose bodies draw by their scope's key. */
  keyed(block: Block<tf.Tensor>): Block<tf.Tensor>;
}

/**
 * Dropout layers draw from a generator that nobody can set back: under the trainer they draw by the keys of step and block instead, so that a resumed run
 * draws the same and a block with dropout can be compiled. Layers that are not plain dropout keep their own ways.
 */
export function keyedDropout({ nodes }: Graph): KeyedDropout {
  const plain = [...new Set(nodes.flatMap(({ layer }) => (layer ? withInner(layer) : [])))].filter(isPlain);
  let current: Seed = [0, 0];
  /** Calls of each layer by the current key. */
  let calls = new Map<Layer, number>();

  const within = <R>(seed: Seed, f: () => R): R => {
    const before = { current, calls };
    current = seed;
    calls = new Map();
    try {
      return f();
    } finally {
      ({ current, calls } = before);
    }
  };

  return {
    run(f) {
      for (const [salt, layer] of plain.entries()) {
        layer.call = (inputs, kwargs) => {
          const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor;
          if (!kwargs?.['training']) return x;
          const call = calls.get(layer) ?? 0;
          calls.set(layer, call + 1);
          return dropout(x, layer.rate, current, salt + call * plain.length);
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
