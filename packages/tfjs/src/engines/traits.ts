import * as tf from '@tensorflow/tfjs-core';

/** What an engine is good at: the only thing by which an op may choose between its forms. Models never ask. */
export interface EngineTraits {
  /** Whether products of transposed matrices are as fast as plain ones. */
  readonly transposedProducts: boolean;
}

const known: Readonly<Record<string, EngineTraits>> = {
  wasm: { transposedProducts: false },
  cpu: { transposedProducts: true },
  tensorflow: { transposedProducts: true },
};

const unknown: EngineTraits = { transposedProducts: true };

/** Traits of the backend in use. */
export const engineTraits = (): EngineTraits => known[tf.getBackend()] ?? unknown;
