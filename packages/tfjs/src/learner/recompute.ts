import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { differentiate, recordedVariables, recording, trial } from './tape.js';

/** A block's forward pass as a function of everything that it computes with, variables apart. */
export type Forward = (x: tf.Tensor, inputs: readonly tf.Tensor[]) => tf.Tensor;

export interface Recompute {
  /**
   * Runs `forward` and keeps x and inputs alone; the backward pass runs it once more for its activations (Chen et al. 2016, "Training
   * deep nets with sublinear memory cost"). Variables that it uses get their gradients; `key` names what decides which ones those are.
   * `forward` must be pure: dropout keyed by a seed, everything else passed as input.
   */
  run(key: string, block: string, forward: Forward, x: tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** Makes a runner; it remembers which variables a block uses, so that only the first run of each key looks. */
export function recomputation(): Recompute {
  const used = new Map<string, readonly tf.Variable[]>();

  const look = (key: string, block: string, forward: Forward, x: tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor => {
    const { value, variables, captured } = trial(() => forward(x, inputs), [x, ...inputs]);
    if (captured > 0) {
      value.dispose();
      throw new HooklineError('HOOKLINE_BLOCK_CAPTURE', `block '${block}' computes with ${captured} tensor${captured > 1 ? 's' : ''} that it was not given`, {
        hint: "pass them after the body, block(name, x, body, ...inputs), or leave this block out of the step's recompute",
      });
    }
    used.set(key, variables);
    return value;
  };

  return {
    run(key, block, forward, x, inputs) {
      if (!recording()) return forward(x, inputs);
      const first = used.has(key) ? undefined : look(key, block, forward, x, inputs);
      const variables = used.get(key) as readonly tf.Variable[];
      const known = new Set(variables);
      const floats = inputs.flatMap((input, i) => (input.dtype === 'float32' ? [i] : []));

      const op = tf.customGrad((...args) => {
        const save = args.pop() as tf.GradSaveFunc;
        const y = first ?? forward(x, inputs);
        save([x, ...inputs]);
        return {
          value: tf.reshape(y, y.shape),
          gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
            tf.tidy(() => {
              const [at, ...given] = saved as [tf.Tensor, ...tf.Tensor[]];
              const again = (): tf.Tensor => {
                const out = forward(at, given);
                if (recordedVariables().some((variable) => !known.has(variable))) {
                  throw new HooklineError('HOOKLINE_RECOMPUTE', `block '${block}' used other parameters in its backward pass than in its forward pass`, {
                    hint: 'its body must depend on its arguments alone',
                  });
                }
                return out;
              };
              const xs = [at, ...floats.map((i) => given[i] as tf.Tensor), ...variables];
              const { gradients } = differentiate(again, xs, dy);
              return xs.map((tensor, i) => gradients[i] ?? tf.zerosLike(tensor));
            }),
        };
      });
      const y = op(x, ...floats.map((i) => inputs[i] as tf.Tensor), ...variables);
      first?.dispose();
      return y;
    },
  };
}
