import type { Point } from './curve.js';

/** The mean of each value and those before it, so many at most. */
export function runningMean(values: readonly number[], window: number): number[] {
  let sum = 0;
  return values.map((value, i) => {
    sum += value - (i >= window ? values[i - window]! : 0);
    return sum / Math.min(i + 1, window);
  });
}

/** The median of each value and those before it, so many at most: what another program took now and then does not show. */
export function runningMedian(values: readonly number[], window: number): number[] {
  return values.map((_, i) => {
    const sorted = values.slice(Math.max(0, i + 1 - window), i + 1).sort((a, b) => a - b);
    return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  });
}

export const activeBlocks = ({ active }: Point): number => active.filter(Boolean).length;

const seconds = (points: readonly Point[]): number => points.reduce((sum, point) => sum + point.seconds, 0);

/** Share of the blocks that a run has skipped so far; 0 before its first step. */
export function skippedShare(points: readonly Point[]): number {
  const all = points.reduce((sum, { active }) => sum + active.length, 0);
  return all === 0 ? 0 : 1 - points.reduce((sum, point) => sum + activeBlocks(point), 0) / all;
}

/** Share of the time that dropping has saved over the steps that both runs have; undefined below 20 of them, the first five left out. */
export function savedTime(dropping: readonly Point[], dense: readonly Point[]): { readonly share: number; readonly steps: number } | undefined {
  const steps = Math.min(dropping.length, dense.length);
  if (steps < 20) return undefined;
  return { share: 1 - seconds(dropping.slice(5, steps)) / seconds(dense.slice(5, steps)), steps };
}

/** Seconds that the rest of a run takes, by its latest steps. */
export function secondsLeft(points: readonly Point[], total: number): number {
  const recent = points.slice(-20);
  return recent.length === 0 ? 0 : ((total - points.length) * seconds(recent)) / recent.length;
}
