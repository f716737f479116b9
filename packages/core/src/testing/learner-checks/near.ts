import type { Host, Scalars, Tensors } from '../../values.js';
import { ensure } from '../check.js';
import { differentTensor } from '../traced-run.js';

/** The greatest absolute value. */
export const largestOf = (numbers: ArrayLike<number>): number => Array.from(numbers).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** @throws unless all tensors are the same to the bit */
export function ensureSameTensors(found: Tensors, expected: Tensors, when: string): void {
  const tensor = differentTensor(expected, found);
  ensure(tensor === undefined, `${when}, '${tensor}' is another`);
}

/** @throws unless two numbers differ by no more than a share of `scale` */
export function ensureNear(found: number, expected: number, tolerance: number, what: string, scale = Math.max(Math.abs(found), Math.abs(expected))): void {
  ensure(Math.abs(found - expected) <= tolerance * scale || Object.is(found, expected), `${what} is ${found} and should be ${expected}`);
}

/** @throws unless each number differs by no more than a share of the largest of them */
export function ensureAllNear(found: Host, expected: ArrayLike<number>, tolerance: number, what: string, hint?: string): void {
  ensure(found.length === expected.length, `${what} has ${found.length} numbers instead of ${expected.length}`, hint);
  const scale = largestOf(expected);
  const at = Array.from(found).findIndex((x, i) => !(Math.abs(x - expected[i]!) <= tolerance * scale || Object.is(x, expected[i])));
  ensure(at < 0, `number ${at} of ${what} is ${found[at]} and should be ${expected[at]}`, hint);
}

/** @throws unless the same names have nearly the same numbers */
export function ensureScalarsNear(found: Scalars, expected: Scalars, tolerance: number, what: string): void {
  const names = (scalars: Scalars) => Object.keys(scalars).sort().join();
  ensure(names(found) === names(expected), `${what} has ${names(found)} instead of ${names(expected)}`);
  for (const [name, value] of Object.entries(expected)) ensureNear(found[name]!, value, tolerance, `${what} '${name}'`);
}
