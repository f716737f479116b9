import { type Algebra, type BlockScope, HooklineError, type RunBlock } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { dotProduct, squareSum } from '../optimizers/host.js';
import { type Forward, recomputation } from './recompute.js';
import { addScaled, blend } from './residual.js';

/** Branches as the gate says: a closed one answers with x, its body and `after` not called. */
function scopeOf({ name: block, gate, seed, mode }: RunBlock): BlockScope<tf.Tensor> {
  return {
    seed,
    mode,
    branch(name, x, body, after) {
      const branch = gate.branches[name];
      if (!branch) {
        throw new HooklineError('HOOKLINE_BRANCH', `block '${block}' has no branch '${name}'`, {
          hint: `its branches are declared in the learner's blocks: '${Object.keys(gate.branches).join("', '")}'`,
        });
      }
      if (!branch.active) return x;
      const sum = branch.gain === 1 ? addScaled(x, body(x)) : addScaled(x, body(x), tf.scalar(branch.gain));
      return after ? after(sum) : sum;
    },
  };
}

/** The tensor operations that the core asks for. What a block computed and the backward pass does not need is freed at its end. */
export function tensorAlgebra(): Algebra<tf.Tensor> {
  const recompute = recomputation();
  return {
    run(call, x, body, inputs) {
      const scope = scopeOf(call);
      const forward: Forward = (at, given) => body(at, scope, ...given);
      return tf.tidy(() => {
        const open = Object.values(call.gate.branches).map((branch) => (branch.active ? 1 : 0));
        const y = call.recompute ? recompute.run(`${call.name}|${open.join('')}|${call.mode}`, call.name, forward, x, inputs) : forward(x, inputs);
        return call.gate.gain === 1 ? y : blend(x, y, tf.scalar(call.gate.gain));
      });
    },
    norm: (x) => Math.sqrt(squareSum(x)),
    dot: dotProduct,
  };
}
