import type { BlockInfo, RunBlock } from '@hookline/core';
import * as tf from '@tensorflow/tfjs-core';
import { callCompiled, freeOwned } from '../compile/index.js';
import { tensorSeed } from '../ops/index.js';
import type { Parameters } from './parameters.js';
import { type BlockBody, scopeOf } from './scope.js';

/** Everything that a block computes with, as tensors: a new gain or a new seed needs no new graph. */
interface Given {
  readonly x: tf.Tensor;
  readonly inputs: readonly tf.Tensor[];
  readonly weights: Readonly<Record<string, tf.Tensor>>;
  /** Of the open branches. */
  readonly gains: Readonly<Record<string, tf.Tensor>>;
  readonly seed: tf.Tensor; // int32 [2]
}

export interface CompiledBlocks {
  /** Runs an open block's body through its graph. */
  run(call: RunBlock, body: BlockBody, x: tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor;
  /** Frees the graphs. */
  free(): void;
}

/**
 * Blocks as units of compilation: one recording for each block, set of open branches and mode, and each combination of shapes. The block's parameters
 * are arguments: blocks of equal structure share their graphs, and averaged weights pass through them as well as the trained ones.
 */
export function compiledBlocks(parameters: Parameters, blocks: readonly BlockInfo[]): CompiledBlocks {
  const owner = {};
  const names = new Map(blocks.map((block) => [block.name, [...new Set([...block.parameters, ...Object.values(block.branchParameters ?? {}).flat()])]]));

  return {
    run(call, body, x, inputs) {
      // averaged weights: of what several blocks or none own a graph would take the trained ones
      const every = parameters.substituted ? [...parameters.names, ...parameters.buffers] : undefined;
      const open = Object.entries(call.gate.branches).filter(([, branch]) => branch.active);
      const compute = ({ x: at, inputs: given, weights, gains, seed }: Given): tf.Tensor => {
        const all = new Map([...parameters.names, ...parameters.buffers].map((name) => [name, weights[name] ?? parameters.get(name)]));
        const scope = scopeOf(call, tensorSeed(seed), (branch) => gains[branch]);
        return parameters.using(all, () => body(at, scope, ...given));
      };
      return callCompiled(owner, `${call.name} ${call.mode}${every ? ' averaged' : ''} (${open.map(([name]) => name).join(', ')})`, compute, {
        x,
        inputs,
        weights: Object.fromEntries((every ?? names.get(call.name) ?? []).map((name) => [name, parameters.get(name)])),
        gains: Object.fromEntries(open.map(([name, { gain }]) => [name, tf.scalar(gain)])),
        seed: tf.tensor1d([call.seed[0] | 0, call.seed[1] | 0], 'int32'),
      });
    },
    free: () => freeOwned(owner),
  };
}
