import type { Gate } from '../../gates.js';
import type { Algebra, Block, Learner } from '../../learner.js';
import { ensure, same } from '../check.js';
import { ensureAllNear, largestOf } from './near.js';
import { gatesWith, gradientsOf, type LearnerSubject, look, stateKeys, step, using } from './subject.js';

/** Notes the bodies of branches that are called. */
const watching =
  (called: Set<string>) =>
  (inner: Block<any>): Block<any> =>
  (name, x, body, ...inputs) =>
    inner(
      name,
      x,
      (at, scope, ...given) => {
        const branch: typeof scope.branch = (b, y, f, after) =>
          scope.branch(
            b,
            y,
            (z) => {
              called.add(`${name} ${b}`);
              return f(z);
            },
            after,
          );
        return body(at, { ...scope, branch }, ...(given as unknown as typeof inputs));
      },
      ...inputs,
    );

/** A closed block's or branch's parameters have no gradient, those of the open ones have; a closed branch's body is not called. */
export const obeysGates = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { result: all } = await look(learner, {}, ({ names }) => names);
    for (const [i, block] of learner.blocks.entries()) {
      const { result: names } = await look(learner, { gates: gatesWith(learner, (_, at) => ({ active: at !== i })) }, (gradients) => gradients.names);
      const strange = names.find((name) => block.parameters.includes(name));
      ensure(strange === undefined, `with block '${block.name}' closed, its parameter '${strange}' has a gradient`);
      const gone = all.find((name) => !names.includes(name) && !block.parameters.includes(name));
      ensure(gone === undefined, `with block '${block.name}' closed, '${gone}' has no gradient, which blocks does not list as a parameter of that block`);
      for (const branch of block.branches) await closesBranch(learner, i, branch);
    }
  });

async function closesBranch(learner: Learner, index: number, branch: string): Promise<void> {
  const block = learner.blocks[index]!;
  if (block.branches.length === 1) return; // the block is closed then
  const closed = ({ branches }: Gate) => ({ branches: { ...branches, [branch]: { active: false, gain: 1 } } });
  const called = new Set<string>();
  const gates = gatesWith(learner, (gate, i) => (i === index ? closed(gate) : {}));
  const { result: names } = await look(learner, { gates, wrap: watching(called) }, (gradients) => gradients.names);
  ensure(!called.has(`${block.name} ${branch}`), `the body of the closed branch '${branch}' of block '${block.name}' is called`);
  const strange = block.branchParameters?.[branch]?.find((name) => names.includes(name));
  ensure(strange === undefined, `with branch '${branch}' of block '${block.name}' closed, its parameter '${strange}' has a gradient`);
}

/** `x + gain (B(x) − x)`, and for branches `x + gain F(x)`, to the tolerance: by inner products, all that is known of tensors. */
export const blendsByGain = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { algebra } = learner;
    const wrap =
      (): Block<any> =>
      (name, x, body, ...inputs) => {
        const info = learner.blocks.find((block) => block.name === name)!;
        const open = Object.fromEntries(info.branches.map((branch) => [branch, { active: true, gain: 1 }]));
        const run = (gate: Partial<Gate>) =>
          algebra.run(
            { name, gate: { name, active: true, gain: 1, branches: open, ...gate }, recompute: false, seed: [7, 0], mode: 'train' },
            x,
            body as never,
            inputs,
          );
        const whole = run({});
        for (const gain of [0, 0.5, 3]) ensureBlend(algebra, subject.tolerance, { x, whole, gain, found: run({ gain }) }, `block '${name}'`);
        for (const branch of info.branches) {
          const alone = (gain: number) => run({ branches: Object.fromEntries(info.branches.map((one) => [one, { active: one === branch, gain }])) });
          const own = `branch '${branch}' of block '${name}'`;
          if (info.norm !== 'post') ensureBlend(algebra, subject.tolerance, { x, whole: alone(1), gain: 3, found: alone(3) }, own);
        }
        if (info.branches.length > 0) {
          const shut = run({ branches: Object.fromEntries(info.branches.map((one) => [one, { active: false, gain: 1 }])) });
          ensureBlend(algebra, subject.tolerance, { x, whole: x, gain: 1, found: shut }, `block '${name}' with closed branches`);
        }
        return whole;
      };
    const gradients = await gradientsOf(learner, { wrap });
    await learner.update(gradients, { step: 0, learningRate: 0, rateScale: () => 1, gates: [], dropped: 'skip', counter: 'own', skip: true });
  });

interface Blend {
  readonly x: unknown;
  readonly whole: unknown;
  readonly gain: number;
  readonly found: unknown;
}

/** |found − ((1 − gain) x + gain whole)|², written out in inner products. */
function ensureBlend({ dot }: Algebra<any>, tolerance: number, { x, whole, gain, found }: Blend, what: string): void {
  const [a, b] = [1 - gain, gain];
  const expected = a * a * dot(x, x) + 2 * a * b * dot(x, whole) + b * b * dot(whole, whole);
  const square = dot(found, found) - 2 * (a * dot(found, x) + b * dot(found, whole)) + expected;
  const scale = a * a * dot(x, x) + b * b * dot(whole, whole) + dot(found, found);
  ensure(
    Math.abs(square) <= tolerance * scale,
    `${what} with gain ${gain} is off x + gain (B(x) − x) by ${Math.sqrt(Math.abs(square))}`,
    'blend the whole output by the gain of the gate',
  );
}

/** Weights and state of a closed block's parameters, by policy: untouched; decayed alone; as with a gradient of zero. */
export const obeysPolicies = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const at = 0;
    const { parameters, name: block } = learner.blocks[at]!;
    await step(learner);
    const begun = learner.save();
    const gates = gatesWith(learner, (_, i) => ({ active: i !== at }));
    const after = async (dropped: 'skip' | 'decay' | 'zeroGradient') => {
      learner.load(begun);
      await step(learner, { position: 1, gates, plan: { step: 1, dropped } });
      return learner.save();
    };
    const [skipped, decayed, zero] = [await after('skip'), await after('decay'), await after('zeroGradient')];
    learner.load(begun);
    await step(learner, { position: 1, plan: { step: 1 }, change: (gradients) => gradients.scale(0, (name) => parameters.includes(name)) });
    const expected = learner.save();
    for (const parameter of parameters) {
      const weights = subject.weightOf(parameter);
      const state = stateKeys(begun, parameter, weights);
      for (const key of [weights, ...state]) ensure(same(skipped[key], begun[key]), `policy 'skip': '${key}' of the closed block '${block}' changes`);
      for (const key of state) ensure(same(decayed[key], begun[key]), `policy 'decay': '${key}' of the closed block '${block}' changes`, 'weights alone decay');
      const [before, now] = [begun[weights]!.data, decayed[weights]!.data];
      const largest = before.findIndex((x) => Math.abs(x) === largestOf(before));
      const factor = before[largest] ? now[largest]! / before[largest]! : 1;
      ensure(factor > 0 && factor <= 1, `policy 'decay': '${weights}' is multiplied by ${factor}`);
      ensureAllNear(
        now,
        Array.from(before, (x) => factor * x),
        10 * subject.tolerance,
        `policy 'decay': '${weights}'`,
        'weights decay by one factor; momentum moves none of them',
      );
      for (const key of [weights, ...state])
        ensureAllNear(
          zero[key]!.data,
          expected[key]!.data,
          subject.tolerance,
          `policy 'zeroGradient': '${key}'`,
          'treat a parameter without a gradient as one with a gradient of zero',
        );
    }
  });
