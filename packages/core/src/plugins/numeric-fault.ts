import type { StepGradients } from '../events.js';
import type { BlockInfo } from '../gates.js';
import type { RunContext } from '../plugin.js';
import type { Scalars } from '../values.js';

/** Where the numbers of a step first went wrong: NaN, or an infinity. */
export interface NumericFault {
  /** What gave it away, e.g. `the loss of 'mlm' is NaN`. */
  readonly sign: string;
  /** Weights that hold such a number, with their blocks. */
  readonly weights: readonly Owned[];
  /** Where the forward pass first did: before a block (batch, embeddings) or in it; undefined where every block's output is sound. */
  readonly forward: { readonly block: string; readonly at: 'input' | 'output'; readonly micro: number } | undefined;
  /** Whether the loss is sound. */
  readonly lossIsFinite: boolean;
  /** Gradients that hold such a number, in the order in which the backward pass comes to them. */
  readonly gradients: readonly Owned[];
}

export interface Owned {
  readonly parameter: string;
  /** Undefined for a parameter outside blocks. */
  readonly block: string | undefined;
}

/** What shows that a step went wrong; undefined where nothing does. Reads losses and norms, which the update reads in any case. */
export function signOf(losses: Scalars, norm: number): string | undefined {
  const loss = Object.entries(losses).find(([, value]) => !Number.isFinite(value));
  if (loss) return `the loss of '${loss[0]}' is ${loss[1]}`;
  return Number.isFinite(norm) ? undefined : `the gradient norm is ${norm}`;
}

/** Parameters of a list whose number is not finite, with their blocks; those of the blocks on top first, as the backward pass comes to them. */
function broken(names: readonly string[], normOf: (name: string) => number, blocks: readonly BlockInfo[], listed: readonly string[]): readonly Owned[] {
  const owner = new Map(blocks.flatMap((block, i) => block.parameters.map((name): [string, number] => [name, i])));
  const place = (name: string): number => listed.indexOf(name);
  return names
    .filter((name) => !Number.isFinite(normOf(name)))
    .sort((a, b) => place(b) - place(a))
    .map((parameter) => ({ parameter, block: blocks[owner.get(parameter) ?? -1]?.name }));
}

/** Weights that hold NaN or an infinity, or are too large for their norm to be a number; reads the device once. */
export function brokenWeights({ blocks, weights }: Pick<RunContext, 'blocks' | 'weights'>): readonly Owned[] {
  const norms = weights.norms();
  return broken(weights.names, (name) => norms[name] as number, blocks, weights.names);
}

/** A fault of weights alone, with sound losses and gradients. */
export const faultOfWeights = (sign: string, weights: readonly Owned[]): NumericFault => ({
  sign,
  weights,
  forward: undefined,
  lossIsFinite: true,
  gradients: [],
});

/** Looks for the place: norms of all weights and gradients, and the step's passes once more with two norms for each block. */
export async function findFault(sign: string, step: StepGradients, run: RunContext): Promise<NumericFault> {
  const { algebra, blocks, weights } = run;
  const { gradients } = step;
  const brokenOnes = brokenWeights(run);
  let forward: NumericFault['forward'];
  await step.replay(({ name: block, micro, input, output }) => {
    if (forward) return;
    if (!Number.isFinite(algebra.norm(input))) forward = { block, at: 'input', micro };
    else if (!Number.isFinite(algebra.norm(output))) forward = { block, at: 'output', micro };
  });
  return {
    sign,
    weights: brokenOnes,
    forward,
    lossIsFinite: Object.values(gradients.losses()).every(Number.isFinite),
    gradients: broken(gradients.names, (name) => gradients.norm(name), blocks, weights.names),
  };
}

const owned = ({ parameter, block }: Owned): string => (block === undefined ? `'${parameter}'` : `'${parameter}' of block '${block}'`);

const some = (all: readonly Owned[]): string => {
  const shown = all.slice(0, 3).map(owned).join(', ');
  return all.length > 3 ? `${shown} and ${all.length - 3} more` : shown;
};

/** A fault as a sentence or two. */
export function faultLines({ sign, weights, forward, lossIsFinite, gradients }: NumericFault): string {
  const parts = [sign];
  if (weights.length > 0) parts.push(`not finite: ${weights.length === 1 ? 'weight' : 'weights'} ${some(weights)}`);
  if (forward) {
    const micro = forward.micro > 0 ? ` of micro-batch ${forward.micro}` : '';
    parts.push(
      forward.at === 'input'
        ? `the input of block '${forward.block}'${micro} is not finite already: look at the batch, and at what comes before the block`
        : `block '${forward.block}'${micro} is the first whose output is not finite`,
    );
  } else if (!lossIsFinite) parts.push('every block answers with finite numbers: look behind the last one, at head and loss');
  else if (gradients.length > 0) parts.push(`the forward pass is sound, and the gradient of ${some(gradients)} is not finite`);
  return parts.join('; ');
}
