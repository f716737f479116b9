import { type Algebra, checkBlockOutput } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { nativeBackend } from '../compile/native.js';
import { distanceBetween, dotProduct, squareSum } from '../optimizers/host.js';
import type { CompiledBlocks } from './compiled-blocks.js';
import { type Forward, recomputation } from './recompute.js';
import { blend } from './residual.js';
import { scopeOf } from './scope.js';
import { checkShape } from './shape.js';

/**
 * The tensor operations that the core asks for. What a block computed and the backward pass does not need is freed at its end.
 * @param compiled runs the blocks' bodies on the native engine; without it they run op by op there too
 */
export function tensorAlgebra(compiled?: CompiledBlocks): Algebra<tf.Tensor> {
  const recompute = recomputation();
  return {
    run(call, x, body, inputs) {
      const scope = scopeOf(call, call.seed, (_, gain) => (gain === 1 ? undefined : tf.scalar(gain)));
      const quick = nativeBackend() ? compiled : undefined;
      const forward: Forward = (at, given) => (quick ? quick.run(call, body, at, given) : body(at, scope, ...given));
      return tf.tidy(() => {
        const open = Object.values(call.gate.branches).map((branch) => (branch.active ? 1 : 0));
        const y = call.recompute ? recompute.run(`${call.name}|${open.join('')}|${call.mode}`, call.name, forward, x, inputs) : forward(x, inputs);
        const part = `block '${call.name}'`;
        checkBlockOutput(part, y);
        checkShape(part, x, y);
        return call.gate.gain === 1 ? y : blend(x, y, tf.scalar(call.gate.gain));
      });
    },
    norm: (x) => Math.sqrt(squareSum(x)),
    dot: dotProduct,
    distance: distanceBetween,
  };
}
