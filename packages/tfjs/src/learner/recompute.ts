import { HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { differentiate, recordedVariables, recording, trial } from './tape.js';

/** A block's forward pass as a function of everything that it computes with, variables apart. */
export type Forward = (x: tf.Tensor, inputs: readonly tf.Tensor[]) => tf.Tensor;

export interface Recompute {
  /**
   * Runs `forward` and keeps x and inputs alone; the backward pass runs it once more for its activations (Chen et al. 2016, "Training
   * deep nets with sublinear memory cost"). Variables that it uses get their gradients; `key` names what decides which ones those are.
   * `forward` must be pure: dropout keyed by a seed, everything else passed as input. Whether both passes compute the same is checked.
   * @throws HooklineError `HOOKLINE_BLOCK_CAPTURE`; from the backward pass, `HOOKLINE_RECOMPUTE`
   */
  run(key: string, block: string, forward: Forward, x: tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor;
}

/** What the same ops on the same numbers may differ by, of the largest: graphs and threads add in orders of their own. */
const rounding = 1e-4;

const numbersOf = (tensor: tf.Tensor): Float32Array => tensor.dataSync() as ArrayLike<number> as Float32Array;

function agree(x: Float32Array, y: Float32Array): boolean {
  const largest = x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return x.length === y.length && x.every((value, i) => !(Math.abs(value - (y[i] as number)) > rounding * largest)); // NaN is others' business
}

/**
 * Makes a runner; it remembers which variables a block uses, so that only the first run of each key looks. Outputs of the two passes are compared in the first
 * run, and whenever the number of runs has doubled: what draws behind a weight of zero shows later.
 */
export function recomputation(): Recompute {
  const used = new Map<string, readonly tf.Variable[]>();
  const runs = new Map<string, number>();

  /** Whether this run of the key, counted here, is one to compare. */
  const due = (key: string): boolean => {
    const count = (runs.get(key) ?? 0) + 1;
    runs.set(key, count);
    return Number.isInteger(Math.log2(count));
  };

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
      const compared = due(key);
      /** What the forward pass answered, on the host: no tensor lives longer for it. */
      let before: Float32Array | undefined;
      const floats = inputs.flatMap((input, i) => (input.dtype === 'float32' ? [i] : []));

      const op = tf.customGrad((...args) => {
        const save = args.pop() as tf.GradSaveFunc;
        const y = first ?? forward(x, inputs);
        if (compared) before = numbersOf(y);
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
                if (before && !agree(before, numbersOf(out))) {
                  throw new HooklineError('HOOKLINE_RECOMPUTE', `block '${block}' computed other numbers in its backward pass than in its forward pass`, {
                    hint: "draw by its scope's seed and keep no state between calls, or leave the block out of the step's recompute",
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
