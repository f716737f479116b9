import { type Block, type BlockInfo, type BlockScope, checkBlockOutput, HooklineError } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './parameters.js';
import type { BlockBody } from './scope.js';
import { checkShape } from './shape.js';
import { operationsOf, watchKernels } from './watch-kernels.js';

interface Found {
  readonly name: string;
  readonly branches: string[];
  operations: number;
}

/** Where a parameter is used: in a block, in one of its branches, or outside all blocks. */
interface Place {
  readonly block: string | undefined;
  readonly branch: string | undefined;
}

const misused = (what: string, hint: string): HooklineError => new HooklineError('HOOKLINE_BLOCK', what, { hint });
const outside: Place = { block: undefined, branch: undefined };

/**
 * The blocks of a model, by one forward pass with every block and branch open, op by op: their order, their branches, the parameters that each uses alone, and
 * how their operations compare.
 *
 * @param forward the forward pass; what it makes is freed
 * @throws HooklineError `HOOKLINE_BLOCK` for a block that lies inside another, is named twice, or whose body is asynchronous; `HOOKLINE_BRANCH` for a branch
 * named twice; `HOOKLINE_SHAPE` where an output has another shape than its input; `HOOKLINE_BLOCK_CAPTURE` for a tensor that a block was not given
 */
export function discoverBlocks(parameters: Parameters, forward: (block: Block<tf.Tensor>) => void): readonly BlockInfo[] {
  const found: Found[] = [];
  const uses = new Map<string, Place[]>(parameters.names.map((name) => [name, []]));
  const nameOf = new Map<tf.Tensor, string>(parameters.names.map((name) => [parameters.variable(name), name]));
  let at = outside;
  /** Tensors older than this were made outside of the block that runs. */
  let oldest = 0;
  let given: readonly tf.Tensor[] = [];

  const capture = ({ shape }: tf.Tensor): HooklineError =>
    new HooklineError('HOOKLINE_BLOCK_CAPTURE', `block '${at.block}' computes with a tensor of shape [${shape}] that it was not given`, {
      hint: 'pass it after the body, block(name, x, (x, scope, mask) => …, mask), or make it inside',
    });

  const note = (tensor: tf.Tensor): void => {
    const name = nameOf.get(tensor);
    if (name !== undefined) uses.get(name)?.push(at);
    else if (at.block !== undefined && tensor.id < oldest && !(tensor instanceof tf.Variable) && !given.includes(tensor)) throw capture(tensor);
  };

  const scopeOf = (block: Found): BlockScope<tf.Tensor> => ({
    seed: [0, 0],
    mode: 'train',
    branch(name, x, body, after) {
      if (block.branches.includes(name)) {
        throw new HooklineError('HOOKLINE_BRANCH', `block '${block.name}' has two branches '${name}'`, { hint: 'give each branch a name of its own' });
      }
      block.branches.push(name);
      const before = at;
      at = { block: block.name, branch: name };
      try {
        const residual = body(x);
        const part = `branch '${name}' of block '${block.name}'`;
        checkBlockOutput(part, residual);
        checkShape(part, x, residual);
        const sum = tf.add(x, residual);
        return after ? after(sum) : sum;
      } finally {
        at = before;
      }
    },
  });

  const block: Block<tf.Tensor> = (name, x, body, ...inputs) => {
    if (typeof name !== 'string' || name === '')
      throw misused(`a block is called ${typeof name === 'string' ? 'by no name' : String(name)}`, 'its name is a string');
    if (!(x instanceof tf.Tensor) || typeof body !== 'function') {
      throw misused(`block '${name}' is given ${x instanceof tf.Tensor ? 'no body' : 'no tensor'}`, 'block(name, x, body, ...inputs)');
    }
    if (at.block !== undefined) throw misused(`block '${name}' lies inside block '${at.block}'`, 'use branch() for the parts of a block');
    if (found.some((one) => one.name === name)) throw misused(`there are two blocks '${name}'`, 'give each call of block() a name of its own');
    const made: Found = { name, branches: [], operations: 0 };
    found.push(made);
    given = [x, ...inputs].map((tensor) => tf.reshape(tensor, tensor.shape)); // other tensors, so that the caller's own count as captured
    const mark = tf.scalar(0);
    oldest = mark.id;
    at = { block: name, branch: undefined };
    try {
      const [own, ...rest] = given as readonly [tf.Tensor, ...tf.Tensor[]];
      const y = (body as unknown as BlockBody)(own, scopeOf(made), ...rest);
      const part = `block '${name}'`;
      checkBlockOutput(part, y);
      checkShape(part, x, y);
      return y;
    } finally {
      mark.dispose();
      at = outside;
    }
  };

  tf.tidy(() =>
    watchKernels(
      (call) => {
        call.inputs.forEach(note);
        const last = found.at(-1);
        if (at.block !== undefined && last) last.operations += operationsOf(call);
      },
      () => forward(block),
    ),
  );

  const alone = (within: (place: Place) => boolean): string[] =>
    parameters.names.filter((name) => {
      const places = uses.get(name) ?? [];
      return places.length > 0 && places.every(within);
    });
  const mean = found.reduce((sum, { operations }) => sum + operations, 0) / found.length;
  return found.map(({ name, branches, operations }) => {
    const branchParameters = Object.fromEntries(branches.map((branch) => [branch, alone((place) => place.block === name && place.branch === branch)]));
    return {
      name,
      branches,
      parameters: alone((place) => place.block === name),
      ...(branches.length > 0 ? { branchParameters } : {}),
      cost: mean > 0 ? operations / mean : 1,
    };
  });
}
