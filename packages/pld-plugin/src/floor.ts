import { byBlock, type Pattern } from './sampling.js';

/**
 * A floor on the number of active blocks. The rule: when a draw leaves fewer than `minimum` blocks active, the lowest closed
 * blocks are opened until there are so many (all branches of such a block). Lowest first because depth profiles keep lower
 * blocks more, and because each marginal then has a closed form: block i = 1 … L is opened by the rule iff it was drawn closed
 * and at most `minimum − i` of the blocks above it are active.
 */
export function raiseToFloor(active: readonly boolean[], minimum: number): boolean[] {
  let missing = minimum - active.filter(Boolean).length;
  return active.map((on) => on || missing-- > 0);
}

/**
 * For independent blocks with these probabilities, the probability that the rule opens block i, given that it was drawn closed:
 * that at most `minimum − i` of the blocks above i are active (a Poisson binomial, summed from the top). Exact, O(L · minimum).
 */
export function forcedProbabilities(probabilities: readonly number[], minimum: number): number[] {
  const forced = probabilities.map(() => 0);
  const above = new Float64Array(minimum + 1); // probability of 0, 1, … active blocks above i, as far as it matters
  above[0] = 1;
  for (let i = probabilities.length; i >= 1; i--) {
    for (let k = 0; k <= minimum - i; k++) forced[i - 1]! += above[k]!;
    const p = probabilities[i - 1]!;
    for (let k = minimum; k >= 1; k--) above[k] = above[k]! * (1 - p) + above[k - 1]! * p;
    above[0]! *= 1 - p;
  }
  return forced;
}

/** Marginals after the rule. `units[i]` are those of the gates of block i, all alike when it has one gate. */
export interface Marginals {
  /** Probability that the block runs. */
  readonly blocks: readonly number[];
  /** Probability that a gate of the block is open, the same for each of its gates. */
  readonly gates: readonly number[];
}

/**
 * Marginals of independent gates: block i has `counts[i]` gates of probability `keep[i]` each, runs when one of them is open,
 * and is subject to the floor.
 */
export function independentMarginals(keep: readonly number[], counts: readonly number[], minimum: number): Marginals {
  const closed = keep.map((p, i) => (1 - p) ** counts[i]!);
  const drawn = closed.map((q) => 1 - q);
  const forced = minimum === 0 ? keep.map(() => 0) : forcedProbabilities(drawn, minimum);
  return { blocks: drawn.map((p, i) => p + closed[i]! * forced[i]!), gates: keep.map((p, i) => p + closed[i]! * forced[i]!) };
}

/** Marginals by enumeration of patterns over all gates, block by block. A block's gates are drawn alike, so the mean over them is each one's. */
export function enumeratedMarginals(patterns: readonly Pattern[], counts: readonly number[], minimum: number): Marginals {
  const blocks = counts.map(() => 0);
  const gates = counts.map(() => 0);
  for (const { weight, open } of patterns) {
    const inside = byBlock(open, counts).map((gates) => gates.filter(Boolean).length);
    const floored = raiseToFloor(
      inside.map((number) => number > 0),
      minimum,
    );
    floored.forEach((runs, i) => {
      if (!runs) return;
      blocks[i]! += weight;
      gates[i]! += weight * (inside[i] === 0 ? 1 : inside[i]! / counts[i]!);
    });
  }
  return { blocks, gates };
}
