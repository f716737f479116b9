import { type BlockScope, checkBlockOutput, HooklineError, type RunBlock } from '@hookline/core';
import type * as tf from '@tensorflow/tfjs-core';
import { addScaled } from './residual.js';
import { checkShape } from './shape.js';

/** A block's body, as `block` was given it. */
export type BlockBody = (x: tf.Tensor, scope: BlockScope<tf.Tensor>, ...inputs: tf.Tensor[]) => tf.Tensor;

/**
 * What a block's body works with. Branches run as the gate says: a closed one answers with x, its body and `after` not called.
 * @param gainOf the gain of an open branch as a scalar tensor, undefined where it is 1
 */
export function scopeOf(
  { name: block, gate, mode }: RunBlock,
  seed: readonly [number, number],
  gainOf: (branch: string, gain: number) => tf.Tensor | undefined,
): BlockScope<tf.Tensor> {
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
      const residual = body(x);
      const part = `branch '${name}' of block '${block}'`;
      checkBlockOutput(part, residual);
      checkShape(part, x, residual);
      const sum = addScaled(x, residual, gainOf(name, branch.gain));
      return after ? after(sum) : sum;
    },
  };
}
