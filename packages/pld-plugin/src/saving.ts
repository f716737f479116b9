import { type BlockInfo, HooklineError } from '@hookline/core';
import { type Dropping, equalBlocks, grownBlocks, makeDropping, marginalsAt, type RunShape, thetaAt } from './dropping.js';
import type { PldOptions } from './options.js';

/** Expected share of the blocks' compute that a step with this theta saves, weighted by each block's cost. The branches of a block share its cost. */
export function savedAt(dropping: Dropping, theta: number): number {
  const total = dropping.blocks.reduce((sum, block) => sum + block.cost, 0);
  if (total === 0) return 0;
  const { gates } = marginalsAt(dropping, theta);
  return dropping.blocks.reduce((sum, block, i) => sum + block.cost * (1 - gates[i]!), 0) / total;
}

/** Mean of `savedAt` over the steps of the run. */
export function savedOver(dropping: Dropping): number {
  let [sum, lost] = [0, 0]; // summed with what rounding loses (Neumaier 1974): runs have a million steps
  let last = { key: Number.NaN, saved: 0 }; // theta settles, and growth has few depths: most steps save what the step before saved
  for (let step = 0; step < dropping.steps; step++) {
    const theta = thetaAt(dropping, step);
    const key = dropping.shape?.type === 'growth' ? grownBlocks(dropping.blocks.length, theta, dropping.options.minimumActive) : theta;
    if (key !== last.key) last = { key, saved: savedAt(dropping, theta) };
    const next = sum + last.saved;
    lost += sum > last.saved ? sum - next + last.saved : last.saved - next + sum;
    sum = next;
  }
  return dropping.steps === 0 ? 0 : (sum + lost) / dropping.steps;
}

/** The least end value: 0, or for a function the one whose stretching brings its least theta to 0. */
function lowestThetaBar(dropping: Dropping): number {
  if (dropping.shape) return 0;
  const full = { ...dropping, thetaBar: 0 };
  let most = 0;
  for (let step = 0; step < dropping.steps; step++) most = Math.max(most, 1 - thetaAt(full, step));
  return most === 0 ? 0 : 1 - 1 / most;
}

/** Zero of a continuous function with a sign change on [a, b]: regula falsi in its Illinois form (Dowell & Jarratt 1971). */
function zero(f: (x: number) => number, a: number, b: number, tolerance: number): number {
  let [x0, x1] = [a, b];
  let [f0, f1] = [f(a), f(b)];
  let kept = 0;
  let x = Math.abs(f0) < Math.abs(f1) ? x0 : x1;
  for (let i = 0; i < 100 && Math.min(Math.abs(f0), Math.abs(f1)) > tolerance; i++) {
    x = (x0 * f1 - x1 * f0) / (f1 - f0);
    const fx = f(x);
    if (Math.abs(fx) <= tolerance) return x;
    if (fx > 0 === f1 > 0) {
      [x1, f1] = [x, fx];
      if (kept === -1) f0 /= 2;
      kept = -1;
    } else {
      [x0, f0] = [x, fx];
      if (kept === 1) f1 /= 2;
      kept = 1;
    }
  }
  return x;
}

/** Growth saves whole block-steps only: of the two neighbours of the target, the nearer. */
function nearestGrowth(saving: (thetaBar: number) => number, target: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (saving(middle) >= target) low = middle;
    else high = middle;
  }
  return saving(low) - target <= target - saving(high) ? low : high;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(6))} %`;

/** thetaBar at which the run's expected saving is `target`. */
function solve(dropping: Dropping, target: number): number {
  const saving = (thetaBar: number) => savedOver({ ...dropping, thetaBar });
  const lowest = lowestThetaBar(dropping);
  const most = saving(lowest);
  if (target > most + 1e-12) {
    throw new HooklineError(
      'HOOKLINE_SAVING',
      `matchSaving ${target} is out of reach: over ${dropping.steps} steps this method saves from 0 to ${percent(most)} of the blocks' compute`,
      {
        hint: 'ask for less, or change schedule, profile or minimumActive',
      },
    );
  }
  if (dropping.shape?.type === 'growth') {
    const thetaBar = nearestGrowth(saving, target);
    const total = dropping.blocks.reduce((sum, block) => sum + block.cost, 0);
    const blockStep = Math.max(...dropping.blocks.map((block) => block.cost)) / (total * dropping.steps);
    if (Math.abs(saving(thetaBar) - target) <= blockStep) return thetaBar;
    throw new HooklineError(
      'HOOKLINE_SAVING',
      `matchSaving ${target} is out of reach: whole blocks save ${percent(saving(thetaBar))} at the nearest, of 0 to ${percent(most)}`,
      {
        hint: 'give the growth a longer length',
      },
    );
  }
  // Without a floor the saving is proportional to 1 − thetaBar, and so the first step of regula falsi lands on it.
  return zero((thetaBar) => saving(thetaBar) - target, lowest, 1, 1e-11);
}

/**
 * Options against a run, `matchSaving` solved: every schedule and preset then saves the same expected share of the blocks' compute.
 * What is solved is thetaBar: the end value of theta, 1 − p of LayerDrop, the final survival of stochastic depth, the smallest share of
 * the depth in growth (to within one block in one step), and for a schedule given as a function a factor on its 1 − theta.
 * @throws HooklineError `HOOKLINE_SAVING` with the range that can be reached
 */
export function matchedDropping(options: PldOptions, run: RunShape): Dropping {
  const dropping = makeDropping(options, run);
  const target = dropping.options.matchSaving;
  return target === undefined ? dropping : { ...dropping, thetaBar: solve(dropping, target) };
}

/** A run by its blocks, or by its depth where the blocks cost the same. */
export type SavingRun = { readonly steps: number } & (
  | { readonly blocks: readonly BlockInfo[]; readonly depth?: never }
  | { readonly depth: number; readonly blocks?: never }
);

/**
 * Expected share, 0 to 1, of the blocks' compute that a method saves over a whole run, weighted by `BlockInfo.cost`. A step's time saved is
 * this times the blocks' share of the step.
 * @throws HooklineError `HOOKLINE_OPTIONS`, `HOOKLINE_PROFILE`, `HOOKLINE_SCALING`, `HOOKLINE_SCHEDULE`, `HOOKLINE_SAVING`
 */
export const expectedSaving = (options: PldOptions, { steps, blocks, depth }: SavingRun): number =>
  savedOver(matchedDropping(options, { steps, blocks: blocks ?? equalBlocks(depth) }));
