import { uniform } from '../../random.js';
import type { Host, Tensors } from '../../values.js';
import { ensure } from '../check.js';
import { largestOf } from './near.js';
import { type LearnerSubject, look, lossOf, mixedGates, norm, using, valuesOf } from './subject.js';

const nudged = (tensors: Tensors, key: string, by: (index: number) => number): Tensors => {
  const { shape, data } = tensors[key]!;
  return { ...tensors, [key]: { shape, data: (data as Float64Array).map((x, i) => x + by(i)) } };
};

/** Evenly spread, at most so many. */
const some = (names: readonly string[], most: number): readonly string[] => {
  const every = Math.max(1, Math.ceil(names.length / most));
  return names.filter((_, i) => i % every === 0);
};

/**
 * Central differences of the loss agree with the gradients, under gains and a closed block: for each parameter along its gradient, where
 * the slope is its norm, and for two numbers of it.
 */
export const agreesWithDifferences = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { step, tolerance, parameters, rounding } = subject.differences;
    const forward = { gates: mixedGates(learner) };
    const { losses, result } = await look(learner, forward, valuesOf);
    const begun = learner.save();
    const loss = Object.values(losses).reduce((sum, one) => sum + Math.abs(one), 0);
    const noise = (8 * rounding * loss) / step;
    const slope = async (name: string, direction: (index: number) => number): Promise<number> => {
      const key = subject.weightOf(name);
      const at = async (by: number) => {
        learner.load(nudged(begun, key, (i) => by * direction(i)));
        return lossOf(learner, forward);
      };
      return ((await at(step)) - (await at(-step))) / (2 * step);
    };
    const check = (found: number, expected: number, scale: number, what: string): void =>
      ensure(Math.abs(found - expected) <= tolerance * scale + noise, `${what} is ${expected}, and the loss has a slope of ${found}`);
    for (const name of some(Object.keys(result), parameters)) {
      const gradient = result[name] as Host;
      const length = norm(gradient);
      if (length > noise) check(await slope(name, (i) => gradient[i]! / length), length, length, `the norm of the gradient of '${name}'`);
      const largest = largestOf(gradient);
      for (const draw of [0, 1]) {
        const at = Math.floor(uniform(draw, name, 0, 0) * gradient.length);
        check(await slope(name, (i) => (i === at ? 1 : 0)), gradient[at]!, largest, `number ${at} of the gradient of '${name}'`);
      }
    }
  });
