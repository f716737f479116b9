import { pipe } from 'rxjs';
import * as z from 'zod';
import { definePlugin } from '../define-plugin.js';
import type { BlockInfo } from '../gates.js';
import { during, eachBlock } from '../hooks/during.js';
import type { Algebra, Gradients } from '../learner.js';
import type { Scalars } from '../values.js';
import { finite } from './finite.js';
import { isDue, periodInSteps, positiveLengthSchema } from './length.js';

/** How a block changes what passes through it. */
export interface BlockChange {
  /** ‖y − x‖ over the whole batch. */
  readonly distance: number;
  /** x·y / (‖x‖ ‖y‖) over the whole batch, in [−1, 1]; NaN where one of them is 0. */
  readonly cosine: number;
}

/**
 * Measures a block's input x against its output y; two device reads.
 * @param norms ‖x‖ and ‖y‖, where they are known
 */
export const blockChange = <T>(algebra: Algebra<T>, x: T, y: T, norms = { x: algebra.norm(x), y: algebra.norm(y) }): BlockChange => ({
  distance: algebra.distance(x, y),
  cosine: Math.max(-1, Math.min(1, algebra.dot(x, y) / (norms.x * norms.y))),
});

/** L2 norm of the gradients of each block's parameters, by its name; blocks without a gradient are left out. */
export function blockGradientNorms<T>(gradients: Gradients<T>, blocks: readonly BlockInfo[]): Scalars {
  gradients.norm(); // all of them in one read, where the learner can
  const given = new Set(gradients.names);
  const measured = blocks.flatMap(({ name, parameters }): [string, number][] => {
    const own = parameters.filter((parameter) => given.has(parameter));
    return own.length === 0 ? [] : [[name, Math.hypot(...own.map((parameter) => gradients.norm(parameter)))]];
  });
  return Object.fromEntries(measured);
}

/** Norms of tensors as they leave one block and enter the next: each is read once. */
function rememberedNorm<T>(algebra: Algebra<T>) {
  let last: { readonly tensor: T; readonly norm: number } | undefined;
  return {
    of(tensor: T): number {
      if (last?.tensor !== tensor) last = { tensor, norm: algebra.norm(tensor) };
      return last.norm;
    },
    forget(): void {
      last = undefined;
    },
  };
}

/** The norm of what leaves the last block: the input of the final LayerNorm of a PreLN model. */
export const topNorm = 'topNorm';

/**
 * Reports how training goes inside the blocks, every so many steps and in the first: what Zhang and He (2020, arXiv 2010.13369, section 3) plot of BERT.
 *
 * - `gradientNorm.BLOCK`: L2 norm of the gradients of its parameters, before any clipping
 * - `distance.BLOCK`, `cosine.BLOCK`: L2 distance and cosine similarity of its input and output
 * - `topNorm`: norm of what leaves the last block; each evaluation has it as a metric too, as the mean over its batches
 *
 * Tensors count as a whole: a batch with its padding is one vector, so distances and `topNorm` grow with the root of the rows, and compare between batches of one
 * shape alone. Numbers that are not finite are left out: the cosine of a tensor of zeros, and what a step has that went wrong. Under accumulation, inputs and
 * outputs are those of the first micro-batch. A block that did not run reports nothing; a gain is part of the output.
 *
 * Cost: three device reads for each block that ran and one for the first, one norm for each batch of an evaluation. The gradients' norms are those that an
 * update measures anyway, in one read, where the learner remembers them; else one for each parameter.
 */
export const blockStatistics = definePlugin({
  name: 'block-statistics',
  options: z.strictObject({
    /** Length between two measurements, in steps or as a fraction of the run; default 0.01. */
    every: positiveLengthSchema.default(0.01),
    /** Whether evaluations measure `topNorm`; default true. */
    evaluations: z.boolean().default(true),
  }),
  hooks: ({ every, evaluations }, { algebra, blocks, total }) => {
    const period = periodInSteps(every, total);
    const norm = rememberedNorm(algebra);
    const top = blocks.length - 1;
    let seen: Record<string, number> = {}; // of one step or evaluation; for show, so it needs no cell
    let heights: number[] = [];
    return {
      onForwardBlock: eachBlock((call) => {
        if (call.phase === 'enter') return call;
        const { mode, name, index, input, output } = call;
        if (mode === 'evaluate') {
          if (evaluations && index === top) heights.push(algebra.norm(output));
        } else if (call.micro === 0 && isDue(call.step, period)) {
          if (call.gate.active) {
            const x = norm.of(input);
            const y = norm.of(output);
            const { distance, cosine } = blockChange(algebra, input, output, { x, y });
            seen[`distance.${name}`] = distance;
            seen[`cosine.${name}`] = cosine;
          }
          if (index === top) seen[topNorm] = norm.of(output);
        }
        return call;
      }),
      onStep: pipe(
        during('begin', (step) => {
          seen = {}; // a replay of the last step's passes may have left something
          norm.forget();
          return step;
        }),
        during('gradients', (step) => {
          if (!isDue(step.index, period)) return step;
          const norms = Object.entries(blockGradientNorms(step.gradients, blocks)).map(([name, value]) => [`gradientNorm.${name}`, value] as const);
          return { ...step, report: { ...step.report, ...finite([...norms, ...Object.entries(seen)]) } };
        }),
      ),
      onEval: pipe(
        during('evalBegin', (evaluation) => {
          heights = [];
          return evaluation;
        }),
        during('evalEnd', (evaluation) => {
          if (heights.length === 0) return evaluation;
          const mean = heights.reduce((sum, height) => sum + height, 0) / heights.length;
          return { ...evaluation, metrics: { ...evaluation.metrics, ...finite([[topNorm, mean]]) } };
        }),
      ),
    };
  },
});
