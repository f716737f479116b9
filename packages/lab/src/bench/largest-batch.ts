/** A number and its measure. */
export interface Measured {
  readonly n: number;
  readonly value: number;
}

/**
 * The largest whole number whose measure is at most `limit`, 0 where not even 1 fits. Doubles until something is too large, then goes where
 * a straight line between the two nearest says, one step inside them: what grows evenly is found in few measurements.
 * @param measure grows with its argument, give or take a little
 * @param most not asked beyond
 * @param known a measurement that there is already
 */
export async function largestThatFits(measure: (n: number) => Promise<number>, limit: number, most: number, known?: Measured): Promise<Measured> {
  let fits: Measured = known && known.value <= limit ? known : { n: 0, value: 0 };
  let fails = known && known.value > limit ? known : undefined;
  while (fits.n < (fails?.n ?? most + 1) - 1) {
    const doubled = Math.min(most, Math.max(1, 2 * fits.n));
    const line = fails && fits.n > 0 ? fits.n + ((limit - fits.value) / (fails.value - fits.value)) * (fails.n - fits.n) : doubled;
    const n = fails ? Math.min(fails.n - 1, Math.max(fits.n + 1, Math.floor(line))) : doubled;
    const value = await measure(n);
    if (value <= limit) fits = { n, value };
    else fails = { n, value };
  }
  return fits;
}
