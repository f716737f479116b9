import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from '../learner/parameters.js';

/** What training passes write besides gradients: the running averages of batch normalization. */
export interface MovingAverages {
  /**
   * Calls `f`, which makes a forward pass and its gradient. What it writes is set aside: afterwards every average is as it was.
   * @param more whether it goes on from what the pass before set aside, as a further micro-batch does
   */
  run<R>(more: boolean, f: () => R): R;
  /** The forward pass is over: what follows, a block's recomputation for one, writes no average a second time. */
  forwardDone(): void;
  /** The averages become what was set aside, or with `skip` stay as they are. */
  settle(skip: boolean): void;
}

/** Lets running averages move with the updates: a step that is left out, or made twice, leaves no trace in them. */
export function movingAverages({ buffers, variable }: Parameters): MovingAverages {
  const variables = buffers.map(variable);
  const engine = tf.engine();
  /** Data that passes wrote, by the variable that is to have them; each holds a reference, as a variable does. */
  const aside = new Map<tf.Variable, object>();
  let over = false;

  /** Gives a variable other data; answers with those that it had, whose reference is then the caller's. */
  const exchange = (one: tf.Variable, dataId: object): object => {
    const had = one.dataId;
    one.dataId = dataId;
    return had;
  };
  const settle = (skip: boolean): void => {
    for (const [one, written] of aside) {
      const kept = skip ? exchange(one, written) : written;
      engine.disposeTensor(one);
      one.dataId = kept;
    }
    aside.clear();
  };

  return {
    run(more, f) {
      if (!more) settle(true);
      over = false;
      const before = new Map<tf.Variable, object>();
      for (const [one, written] of aside) before.set(one, exchange(one, written));
      aside.clear();
      for (const one of variables) {
        one.assign = function assignOnce(this: tf.Variable, value: tf.Tensor): void {
          if (over) return;
          if (!before.has(this)) {
            engine.incRef(this, null as unknown as tf.KernelBackend); // what it holds outlives the assignment
            before.set(this, this.dataId);
          }
          (Object.getPrototypeOf(this) as tf.Variable).assign.call(this, value); // the prototype's, which a recording replaces while it watches
        };
      }
      try {
        return f();
      } finally {
        for (const one of variables) delete (one as Partial<tf.Variable>).assign;
        for (const [one, had] of before) aside.set(one, exchange(one, had));
      }
    },
    forwardDone() {
      over = true;
    },
    settle,
  };
}
