import type { NamedTensor, Tensors } from '@hookline/core';

/** The gains of each layer's branches where a model is evaluated: what a method that scales at evaluation, as the original stochastic depth does, needs. */
export type EvaluationGains = readonly { readonly attention: number; readonly ffn: number }[];

/** The last layer of each branch of a block, which its gain can be multiplied into: `gain · (W x + b) = (gain · W) x + gain · b`. */
const lastLayer = { attention: 'attention.output.dense', ffn: 'output.dense' } as const;

/** The same model with the gains of its evaluation inside its weights, so that it is used without a plan. */
export function foldGains(tensors: Tensors, gains: EvaluationGains): Tensors {
  const factors = new Map(
    gains.flatMap((branches, layer) =>
      (['attention', 'ffn'] as const).flatMap((branch) =>
        ['weight', 'bias'].map((part): [string, number] => [`bert.encoder.layer.${layer}.${lastLayer[branch]}.${part}`, branches[branch]]),
      ),
    ),
  );
  const scaled = (tensor: NamedTensor, factor: number): NamedTensor => ({ shape: tensor.shape, data: Float32Array.from(tensor.data, (w) => factor * w) });
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, factors.has(name) ? scaled(tensor, factors.get(name)!) : tensor]));
}
