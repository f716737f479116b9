import type * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../learner/parameters.js';

export interface WrittenOnce {
  /** Calls `f`, which makes a forward pass and its gradient. */
  run<R>(f: () => R): R;
  /** The forward pass is over: what follows, a block's recomputation for one, writes no moving average a second time. */
  forwardDone(): void;
}

/** Lets buffers be written in the forward pass alone. */
export function writtenOnce({ buffers, variable }: Parameters): WrittenOnce {
  const variables = buffers.map(variable);
  let over = false;
  return {
    run(f) {
      over = false;
      for (const one of variables) {
        one.assign = function assignOnce(this: tf.Variable, value: tf.Tensor): void {
          // the prototype's, which a recording replaces while it watches
          if (!over) (Object.getPrototypeOf(this) as tf.Variable).assign.call(this, value);
        };
      }
      try {
        return f();
      } finally {
        for (const one of variables) delete (one as Partial<tf.Variable>).assign;
      }
    },
    forwardDone() {
      over = true;
    },
  };
}
