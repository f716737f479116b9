import { bertBlocks } from '@hookline/bert';
import { type Pretrained, type ReadPretrainedOptions, readPretrained } from '@hookline/bert/node';
import { type Gates, HooklineError, type NamedTensor, type Tensors } from '@hookline/core';
import { expectedGates, matchedDropping, stochasticDepthAsPld } from '@hookline/pld-plugin';
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

/** The configuration of a pre-training run; undefined for a run of another kind, which knows no method that scales at evaluation. */
function pretrainingOf(path: string): CompleteConfig | undefined {
  try {
    return readRunConfig(runPath(path).directory);
  } catch (error) {
    if (error instanceof HooklineError) return undefined;
    throw error;
  }
}

/** The evaluation plan of a run whose method scales there: the original stochastic depth. */
function evaluationPlan({ origin, config }: Pretrained): Gates | undefined {
  const run = origin.kind === 'run' ? pretrainingOf(origin.path) : undefined;
  if (run?.stochasticDepth?.scaling !== 'evaluation') return undefined;
  const { stochasticDepth: depth, steps } = run;
  return expectedGates(matchedDropping(stochasticDepthAsPld(depth), { blocks: bertBlocks(config), steps }), steps);
}

/**
 * A model as it is evaluated: what `readPretrained` reads, with the scaling of the original stochastic depth inside the weights.
 * @throws HooklineError as `readPretrained`
 */
export async function readEvaluated(source: string, options?: ReadPretrainedOptions): Promise<Pretrained> {
  const read = await readPretrained(source, options);
  const plan = evaluationPlan(read);
  return plan ? { ...read, tensors: foldGains(read.tensors, plan) } : read;
}
