import { HooklineError } from '@hookline/core';
import fCdf from '@stdlib/stats-base-dists-f-cdf';
import { mean, requireScores } from './summary.js';

/** Seeds that each setting needs before anything is said about its spread. */
export const spreadNeeds = 10;

/** Whether settings differ in spread. */
export type SpreadTest =
  | { readonly kind: 'tested'; readonly statistic: number; readonly p: number }
  /** Too few seeds, or nothing that a difference could be measured by; a sentence says which. */
  | { readonly kind: 'cannot tell'; readonly why: string };

/**
 * Brown and Forsythe's test (1974) of equal spread: an analysis of variance of the distances from each group's median
 * (scipy: `levene(*groups, center='median')`). With fewer than ten seeds in a group it declines to answer.
 * @throws HooklineError `HOOKLINE_SEEDS` for fewer than two groups, or a score that is not finite
 */
export function compareSpread(groups: readonly (readonly number[])[]): SpreadTest {
  if (groups.length < 2) throw new HooklineError('HOOKLINE_SEEDS', 'a spread is compared between two settings at least');
  for (const group of groups) requireScores(group);
  const fewest = Math.min(...groups.map((group) => group.length));
  if (fewest < spreadNeeds) return { kind: 'cannot tell', why: `a claim about spread needs ${spreadNeeds} seeds, and there are ${fewest}` };
  const distances = groups.map((group) => {
    const center = median(group);
    return group.map((value) => Math.abs(value - center));
  });
  const all = distances.flat();
  const [between, within] = [groups.length - 1, all.length - groups.length];
  const squares = distances.map((group) => group.reduce((sum, value) => sum + (value - mean(group)) ** 2, 0)).reduce((sum, value) => sum + value, 0);
  if (all.every((distance) => distance === all[0])) return { kind: 'cannot tell', why: "every score lies as far from its setting's median as every other" };
  const explained = distances.reduce((sum, group) => sum + group.length * (mean(group) - mean(all)) ** 2, 0);
  const statistic = explained / between / (squares / within);
  return { kind: 'tested', statistic, p: fCdf(1 / statistic, within, between) }; // the upper tail; 1 - fCdf(statistic, between, within) would lose the digits of a small one;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
