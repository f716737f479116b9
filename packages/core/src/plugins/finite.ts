import type { Scalars } from '../values.js';

/** Of named numbers those that are finite: a report leaves out what is not known, and NaN is no value of a chart. */
export const finite = (entries: Iterable<readonly [string, number]>): Scalars => Object.fromEntries([...entries].filter(([, value]) => Number.isFinite(value)));
