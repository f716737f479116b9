/** A draw in [0, 1) by index; the same index always gives the same draw within a step. */
export type Draw = (index: number) => number;

/** `bernoulli`: each gate on its own. `systematic`: one draw a step, so that the number of open gates hardly varies. */
export type Sampling = 'bernoulli' | 'systematic';

/** Open gates among those with these probabilities: gate k is open iff draw k is below its probability. */
export const bernoulli = (probabilities: readonly number[], draw: Draw): boolean[] => probabilities.map((p, k) => draw(k) < p);

/**
 * Systematic sampling (Madow 1949): with one draw u and the running sums C_k of the probabilities, gate k is open iff
 * floor(C_k + u) > floor(C_(k−1) + u). Each gate is open with exactly its probability, and the number of open gates is the
 * floor or the ceiling of its mean. Neighbours are no longer independent.
 */
export function systematic(probabilities: readonly number[], u: number): boolean[] {
  let sum = 0;
  return probabilities.map((p) => {
    const before = Math.floor(sum + u);
    sum += p;
    return p >= 1 || Math.floor(sum + u) > before; // p = 1 apart: rounding of the sum must not close it
  });
}

export const sample = (sampling: Sampling, probabilities: readonly number[], draw: Draw): boolean[] =>
  sampling === 'systematic' ? systematic(probabilities, draw(0)) : bernoulli(probabilities, draw);

/** A pattern of open gates and its probability. */
export interface Pattern {
  readonly weight: number;
  readonly open: readonly boolean[];
}

/** Every pattern of systematic sampling, at most one more than there are gates: the draw's interval falls apart where a sum C_k + u is whole. */
export function systematicPatterns(probabilities: readonly number[]): Pattern[] {
  let sum = 0;
  const cuts = probabilities.map((p) => {
    sum += p;
    return Math.ceil(sum) - sum; // in [0, 1)
  });
  const edges = [0, ...cuts.sort((a, b) => a - b), 1];
  return edges.slice(1).flatMap((end, k) => {
    const begin = edges[k]!;
    return end > begin ? [{ weight: end - begin, open: systematic(probabilities, (begin + end) / 2) }] : [];
  });
}

/** Mean and standard deviation of the number of open gates, for independent gates. */
export function activeMoments(probabilities: readonly number[]): { readonly mean: number; readonly standardDeviation: number } {
  const mean = probabilities.reduce((sum, p) => sum + p, 0);
  return { mean, standardDeviation: Math.sqrt(probabilities.reduce((sum, p) => sum + p * (1 - p), 0)) };
}

/** A flat list over all gates as one list for each block, which has `counts[i]` gates. */
export function byBlock<A>(flat: readonly A[], counts: readonly number[]): A[][] {
  let end = 0;
  return counts.map((count) => {
    end += count;
    return flat.slice(end - count, end);
  });
}

/** The same value for each of a block's gates, flat. */
export const eachGate = (values: readonly number[], counts: readonly number[]): number[] => counts.flatMap((count, i) => Array<number>(count).fill(values[i]!));
