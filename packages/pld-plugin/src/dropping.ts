import { type BlockInfo, HooklineError, parseOptions } from '@hookline/core';
import { enumeratedMarginals, independentMarginals, type Marginals } from './floor.js';
import { type ParsedOptions, type PldOptions, pldOptions } from './options.js';
import { depthShares, type Shares } from './profile.js';
import { eachGate, systematicPatterns } from './sampling.js';
import { type Scaling, scalingOf } from './scaling.js';
import { checkedTheta, decay, type Shape, shapeOf, type ThetaFunction } from './schedule.js';

/** A run as the method sees it. */
export interface RunShape {
  readonly blocks: readonly BlockInfo[];
  /** Optimizer steps of the whole run. */
  readonly steps: number;
}

/** A method made ready for a run: everything but the step. */
export interface Dropping extends RunShape {
  readonly options: ParsedOptions;
  /** End value of theta; for a schedule given as a function, 1 minus the factor on its 1 − theta. */
  readonly thetaBar: number;
  /** Absent where the schedule is a function. */
  readonly shape: Shape | undefined;
  readonly shares: Shares;
  readonly scaling: readonly Scaling[];
  /** Gates drawn for each block. */
  readonly gateCounts: readonly number[];
}

export const defaultThetaBar = 0.5;

/** Equal blocks without branches, for arithmetic that needs no learner. */
export const equalBlocks = (depth: number): BlockInfo[] =>
  Array.from({ length: depth }, (_, i) => ({ name: `block.${i}`, branches: [], parameters: [], cost: 1 }));

/**
 * Options against a run. `matchSaving` is not solved here: see `matchedDropping`.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_PROFILE`, `HOOKLINE_SCALING`
 */
export function makeDropping(input: PldOptions, run: RunShape): Dropping {
  const options = parseOptions('layer dropping', pldOptions, input);
  const { blocks, steps } = run;
  if (options.minimumActive > blocks.length) {
    throw new HooklineError('HOOKLINE_OPTIONS', `layer dropping: option 'minimumActive' is ${options.minimumActive} and there are ${blocks.length} blocks`, {
      hint: 'lower it',
    });
  }
  const schedule = options.schedule ?? { type: 'exponential' as const, gamma: options.gamma };
  const shape = typeof schedule === 'function' ? undefined : withGamma(shapeOf(schedule), options.gamma);
  return {
    options,
    blocks,
    steps,
    thetaBar: options.thetaBar ?? (shape ? defaultThetaBar : 0),
    shape,
    shares: depthShares(blocks.length, options),
    scaling: blocks.map((block) => scalingOf(block, options.scaling, options.gates)),
    gateCounts: blocks.map((block) => (options.gates === 'branch' ? Math.max(1, block.branches.length) : 1)),
  };
}

const withGamma = (shape: Shape, gamma: number | undefined): Shape => (shape.type === 'exponential' && gamma !== undefined ? { ...shape, gamma } : shape);

/** Theta of a step; for growth, the share of the depth that runs. */
export function thetaAt(dropping: Dropping, step: number): number {
  const { options, shape, thetaBar, steps } = dropping;
  const at = Math.max(0, step - options.lag);
  if (shape) return (1 - thetaBar) * decay(shape, at, steps) + thetaBar;
  const own = checkedTheta(options.schedule as ThetaFunction, at, steps);
  return Math.max(0, 1 - (1 - thetaBar) * (1 - own)); // the stretching of `matchSaving` may round below 0
}

/** Growth's number of running blocks, lowest first: the share of the depth, rounded to whole blocks. */
export const grownBlocks = (depth: number, share: number, minimum: number): number => Math.max(minimum, Math.round(depth * share));

/** Keep probability of each block before the floor on active blocks. */
export const keepAt = (dropping: Dropping, theta: number): number[] => dropping.shares.keep.map((share) => 1 - share * (1 - theta));

/** Exact probabilities that each block runs and that each of its gates is open, after the floor. */
export function marginalsAt(dropping: Dropping, theta: number): Marginals {
  const { options, gateCounts, blocks } = dropping;
  if (dropping.shape?.type === 'growth') {
    const grown = grownBlocks(blocks.length, theta, options.minimumActive);
    const runs = blocks.map((_, i) => (i < grown ? 1 : 0));
    return { blocks: runs, gates: runs };
  }
  const keep = keepAt(dropping, theta);
  if (options.sampling === 'bernoulli') return independentMarginals(keep, gateCounts, options.minimumActive);
  const single = gateCounts.every((count) => count === 1);
  const mean = keep.reduce((sum, p) => sum + p, 0);
  if (single && options.minimumActive <= Math.floor(mean)) return { blocks: keep, gates: keep };
  return enumeratedMarginals(systematicPatterns(eachGate(keep, gateCounts)), gateCounts, options.minimumActive);
}

/** Mean gain times keep probability before the floor: 1 but for the convention `deepspeed`. */
export function meanGains(dropping: Dropping, theta: number): number[] {
  const { keep, scale } = dropping.shares;
  return keep.map((share, i) => {
    const mended = 1 - scale[i]! * (1 - theta);
    return mended <= 0 ? 1 : (1 - share * (1 - theta)) / mended;
  });
}
