import { bertBlocks } from '@hookline/bert';
import { type Pretrained, type ReadPretrainedOptions, readPretrained } from '@hookline/bert/node';
import { type Gates, HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import { expectedGates, matchedDropping, stochasticDepthAsPld } from '@hookline/pld-plugin';
import { readFinetuneRun } from '../finetune/files.js';
import type { CompleteConfig } from '../pretrain/config.js';
import { readRunConfig, runPath } from '../pretrain/files.js';

/** The last layer of each branch of a block, which its gain can be multiplied into: `gain · (W x + b) = (gain · W) x + gain · b`. */
const lastLayer: Readonly<Record<string, string>> = { attention: 'attention.output.dense', ffn: 'output.dense' };

/** The same model with the gains of an evaluation plan inside its weights, so that it is used without a plan. */
export function foldGains(tensors: Tensors, gates: Gates): Tensors {
  const factors = new Map(
    gates.flatMap(({ branches }, layer) =>
      Object.entries(branches).flatMap(([branch, { gain }]) =>
        ['weight', 'bias'].map((part): [string, number] => [`bert.encoder.layer.${layer}.${lastLayer[branch]}.${part}`, gain]),
      ),
    ),
  );
  const scaled = (tensor: NamedTensor, factor: number): NamedTensor => ({ shape: tensor.shape, data: Float32Array.from(tensor.data, (w) => factor * w) });
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, factors.has(name) ? scaled(tensor, factors.get(name)!) : tensor]));
}

/** What the run of `pretrain` or `finetune` that a path lies in says of its method. */
function configOf(path: string): Scaling | undefined {
  const { directory } = runPath(path);
  for (const read of [readRunConfig, (from: string) => readFinetuneRun(from).config]) {
    try {
      return read(directory);
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
    }
  }
  return undefined;
}

/** What a run says of a method that scales at evaluation. */
type Scaling = Pick<CompleteConfig, 'stochasticDepth'>;

/**
 * A model as its run evaluates it: where that was under the original stochastic depth, with the keep probabilities inside the weights. They are the same at every
 * step.
 */
export function foldEvaluation<P extends Pick<Pretrained, 'config' | 'tensors'>>(read: P, { stochasticDepth: depth }: Scaling): P {
  if (depth?.scaling !== 'evaluation') return read;
  const dropping = matchedDropping(stochasticDepthAsPld(depth), { blocks: bertBlocks(read.config), steps: 1 });
  return { ...read, tensors: foldGains(read.tensors, expectedGates(dropping, 1)) };
}

/**
 * A model as it is evaluated: what `readPretrained` reads, with the scaling of the original stochastic depth inside the weights.
 * @throws HooklineError as `readPretrained`
 */
export async function readEvaluated(source: string, options?: ReadPretrainedOptions): Promise<Pretrained> {
  const read = await readPretrained(source, options);
  const run = read.origin.kind === 'run' ? configOf(read.origin.path) : undefined;
  return run ? foldEvaluation(read, run) : read;
}
