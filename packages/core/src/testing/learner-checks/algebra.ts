import type { Block } from '../../learner.js';
import { ensure } from '../check.js';
import { gradientsOf, type LearnerSubject, planOf, using } from './subject.js';

/** In the midst of a pass, norm and distance are those of the inner product, for what goes into each block and what comes out of it. */
export const measuresTensors = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { norm, dot, distance } = learner.algebra;
    const loose = 100 * subject.tolerance;
    const near = (found: number, expected: number, scale: number, what: string): void =>
      ensure(Math.abs(found - expected) <= loose * scale, `${what} is ${found} and should be ${expected}`);
    const check = (name: string, x: unknown, y: unknown): void => {
      const [xx, yy, xy] = [dot(x, x), dot(y, y), dot(x, y)];
      const [input, output] = [`the input of block '${name}'`, `the output of block '${name}'`];
      ensure(yy > 0, `the inner product of ${output} with itself is ${yy}`);
      near(norm(x) ** 2, xx, xx, `the square of norm, for ${input},`);
      near(norm(y) ** 2, yy, yy, `the square of norm, for ${output},`);
      near(dot(y, x), xy, xx + yy, `dot, for ${output} and its input,`);
      near(distance(x, y) ** 2, xx + yy - 2 * xy, xx + yy, `the square of distance, for ${output} and its input,`);
      near(distance(y, y), 0, Math.sqrt(yy), `the distance of ${output} from itself`);
    };
    const wrap =
      (block: Block<any>): Block<any> =>
      (name, x, body, ...inputs) => {
        const y: unknown = block(name, x, body, ...inputs);
        check(name, x, y);
        return y;
      };
    await learner.update(await gradientsOf(learner, { wrap }), planOf(learner, { skip: true }));
  });
