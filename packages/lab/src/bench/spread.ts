/** Where measured values lie. */
export interface Spread {
  readonly median: number;
  /** Lower and upper quartile. */
  readonly quartiles: readonly [number, number];
}

/** A quantile of numbers, 0 to 1, interpolated between neighbours. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (at - below) * (high - low);
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: quantile(values, 0.5),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});

/** Median and quartiles of `of` over `over`, round by round. */
export const ratioOf = (of: readonly number[], over: readonly number[]): Spread => spreadOf(of.map((value, round) => value / (over[round] as number)));
