import { type BlockScope, HooklineError, type RunBlock } from '@hookline/core';
import type { numpy as np } from '@jax-js/jax';

/** What a block's body works with. Its functions keep jax-js's rule: they take over what they are given, and what they answer is the caller's. */
export interface JaxScope {
  /** `x + gain · F(x)` where the branch is open, and then `after` of that; x where it is closed. */
  readonly branch: BlockScope<np.Array>['branch'];
  /** Key of the dropout of this block in this step, uint32 [2]: a seed of plain numbers would be compiled in. */
  readonly key: () => np.Array;
  readonly mode: 'train' | 'evaluate';
}

/** `block(name, x, body, ...inputs)` of core, under jax-js's rule: it takes over x and inputs. */
export type JaxBlock = (name: string, x: np.Array, body: (x: np.Array, scope: JaxScope, ...inputs: np.Array[]) => np.Array, ...inputs: np.Array[]) => np.Array;

/** What a forward pass works with. */
export interface Model {
  /** A parameter, by name at each use; inside a block, one of the block's own. The reference is the caller's. */
  readonly parameter: (name: string) => np.Array;
  readonly block: JaxBlock;
  /** Key of dropout outside blocks, uint32 [2]. */
  readonly key: () => np.Array;
  readonly mode: 'train' | 'evaluate';
}

/**
 * Runs branches as the gate says: a closed one answers with x, its body and `after` not called.
 * @param gain the gain of a branch, by its place, as a scalar that is the caller's
 */
export function scopeOf({ name: block, gate, mode }: RunBlock, gain: (index: number) => np.Array, key: np.Array): JaxScope {
  const names = Object.keys(gate.branches);
  return {
    mode,
    key: () => key.ref,
    branch(name, x, body, after = (sum) => sum) {
      const branch = gate.branches[name];
      if (!branch)
        throw new HooklineError('HOOKLINE_BRANCH', `block '${block}' has no branch '${name}'`, {
          hint: `its branches are declared in the learner's blocks: '${names.join("', '")}'`,
        });
      if (!branch.active) return x;
      const residual = x.ref;
      const f = body(x);
      if (f.shape.join() !== residual.shape.join())
        throw new HooklineError('HOOKLINE_SHAPE', `branch '${name}' of block '${block}' makes [${f.shape}] of [${residual.shape}]`, {
          hint: 'a residual branch keeps the shape of its input',
        });
      return after(residual.add(f.mul(gain(names.indexOf(name)))));
    },
  };
}
