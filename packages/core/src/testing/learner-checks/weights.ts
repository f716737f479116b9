import type { Block, Learner } from '../../learner.js';
import type { Host, Scalars, Tensors } from '../../values.js';
import { ensure, ensureRefused, same } from '../check.js';
import { differentTensor } from '../traced-run.js';
import { ensureAllNear, ensureNear, ensureSameTensors } from './near.js';
import { blockOf, gradientsOf, type LearnerSubject, look, norm, planOf, step, using } from './subject.js';

/** The weights among what `save` gave, by the parameters that have a gradient. */
async function weightKeys(learner: Learner, { weightOf }: LearnerSubject): Promise<readonly string[]> {
  const { result } = await look(learner, {}, ({ names }) => names.map(weightOf));
  return result;
}

const only = (tensors: Tensors, keys: readonly string[]): Tensors => Object.fromEntries(keys.map((key) => [key, tensors[key]!]));

/** A rate scale of 0 freezes a parameter, and no other. */
export const freezes = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const begun = learner.save();
    const { result: names } = await look(learner, {}, (gradients) => gradients.names.filter((name) => gradients.norm(name) > 0));
    const frozen = new Set(names.filter((_, i) => i % 2 === 0));
    await step(learner, { plan: { rateScale: (name) => (frozen.has(name) ? 0 : 1) } });
    const after = learner.save();
    for (const name of names) {
      const key = subject.weightOf(name);
      const still = same(after[key], begun[key]);
      ensure(still === frozen.has(name), still ? `'${key}' stands still under a rate scale of 1` : `'${key}' moves under a rate scale of 0`);
    }
  });

/**
 * A skipped update, and a forward and backward pass, change nothing that is saved: what passes move besides parameters, BatchNorm's running averages, is for the
 * update to take over. Losses and norm are told all the same.
 */
export const leavesOutUpdates = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    await step(learner);
    const begun = learner.save();
    const gradients = await gradientsOf(learner);
    const expected = gradients.norm();
    ensureSameTensors(learner.save(), begun, 'after a backward pass');
    const { losses, gradientNorm } = await learner.update(gradients, planOf(learner, { step: 1, skip: true }));
    ensureSameTensors(learner.save(), begun, 'after an update that was to be left out');
    ensure(Object.values(losses).length > 0 && Object.values(losses).every(Number.isFinite), 'an update that is left out tells no losses');
    ensureNear(gradientNorm, expected, subject.tolerance, 'the gradient norm that an update tells which is left out');
    await step(learner);
    ensure(differentTensor(begun, learner.save()) !== undefined, 'an update changes nothing');
  });

/** Slots copy and give back to the bit, move by `lerp`, and nothing else moves them. */
export const keepsSlots = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { weights } = learner;
    const keys = await weightKeys(learner, subject);
    const whole = learner.save();
    const begun = only(whole, keys);
    ensure(!weights.has('slot'), 'a new learner has a slot already');
    weights.copy('slot');
    ensure(weights.has('slot'), 'a slot that was copied to is not there');
    await step(learner);
    const stepped = only(learner.save(), keys);
    weights.copy('other');
    weights.restore('slot');
    ensureSameTensors(only(learner.save(), keys), begun, 'after copy, a step and restore');
    weights.restore('other');
    ensureSameTensors(only(learner.save(), keys), stepped, 'after restore of a later copy');
    weights.lerp('slot', 0.25);
    ensureSameTensors(only(learner.save(), keys), stepped, 'after lerp into a slot');
    weights.restore('slot');
    const moved = learner.save();
    for (const key of keys) {
      const [a, b] = [begun[key]!.data, stepped[key]!.data];
      ensureAllNear(
        moved[key]!.data,
        Array.from(a, (x, i) => x + 0.25 * (b[i]! - x)),
        subject.tolerance,
        `after lerp by 0.25, '${key}'`,
      );
    }
    weights.remove('slot');
    weights.remove('slot'); // nothing happens where there is none
    ensure(!weights.has('slot') && weights.has('other'), 'remove leaves another slot than it should');
    weights.remove('other');
    const strange = Object.keys(learner.save()).find((key) => !(key in whole));
    ensure(strange === undefined, `after its slots were removed, save gives '${strange}'`);
    await ensureRefused('restore from a slot that was removed', () => weights.restore('slot'));
    await ensureRefused('lerp into a slot that is not there', () => weights.lerp('nowhere', 0.5));
    await ensureRefused('restore from a slot that is not there', () => weights.restore('nowhere'));
  });

/** Names of all parameters; the norm of each, or of its difference from a slot. */
export const measuresWeights = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { weights } = learner;
    const keyed = await weightKeys(learner, subject);
    const unnamed = keyed.find((key) => !weights.names.some((name) => subject.weightOf(name) === key));
    ensure(unnamed === undefined, `weights.names lacks the parameter of '${unnamed}'`);
    const numbers = (): readonly Host[] => {
      const saved = learner.save();
      return weights.names.map((name) => saved[subject.weightOf(name)]!.data);
    };
    const check = (found: Scalars, expected: readonly Host[], what: string): void => {
      ensure(Object.keys(found).sort().join() === [...weights.names].sort().join(), `${what} has other names than weights.names`);
      for (const [i, name] of weights.names.entries()) ensureNear(found[name]!, norm(expected[i]!), 10 * subject.tolerance, `${what}['${name}']`);
    };
    const before = numbers();
    check(weights.norms(), before, 'norms()');
    weights.copy('slot');
    await step(learner);
    check(
      weights.norms('slot'),
      numbers().map((now, i) => Float64Array.from(now, (x, k) => x - before[i]![k]!)),
      "norms('slot')",
    );
    await ensureRefused('norms from a slot that is not there', () => weights.norms('nowhere'));
  });

const failing: Block<any> = () => {
  throw new Error('conformance: the evaluation ends here');
};

/** An evaluation repeats itself, uses the weights of a slot where one is named, and leaves the trained ones, even where it fails. */
export const evaluatesWithoutTrace = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    await step(learner);
    for (const set of learner.evaluationSets) {
      const evaluate = (slot?: string, block: Block<any> = blockOf(learner, { mode: 'evaluate' })) => learner.evaluate(set, block, slot);
      const early = await evaluate();
      ensure(
        Object.values(early).every(Number.isFinite) && Object.keys(early).length > 0,
        `the metrics of '${set}' are no finite numbers: ${JSON.stringify(early)}`,
      );
      ensure(same(await evaluate(), early), `'${set}' evaluated twice gives two results`);
      learner.weights.copy('early');
      await step(learner, { plan: { learningRate: 0.1 } });
      const trained = learner.save();
      const late = await evaluate();
      ensureSameTensors(learner.save(), trained, `after an evaluation of '${set}'`);
      ensure(!same(late, early), `the metrics of '${set}' are the same after a step`, 'evaluate the trained weights');
      ensure(same(await evaluate('early'), early), `the metrics of '${set}' under the weights of a slot are not those of these weights`);
      ensureSameTensors(learner.save(), trained, `after an evaluation of '${set}' under a slot`);
      await Promise.resolve()
        .then(() => evaluate('early', failing))
        .catch(() => undefined);
      ensureSameTensors(learner.save(), trained, `after an evaluation of '${set}' that failed`);
      ensure(same(await evaluate(), late), `after an evaluation of '${set}' that failed, the weights of the slot are still in force`);
      learner.weights.copy('early');
      ensure(same(await evaluate('early'), late), `the metrics of '${set}' under a slot that was copied to anew are those of before`);
      await step(learner);
      await ensureRefused('an evaluation under a slot that is not there', () => evaluate('nowhere'));
    }
    await ensureRefused('an evaluation of a set that is not there', () => learner.evaluate('no such set', blockOf(learner), undefined));
  });
