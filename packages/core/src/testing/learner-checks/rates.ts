import type { Learner, UpdatePlan } from '../../learner.js';
import type { Host } from '../../values.js';
import { ensure } from '../check.js';
import { largestOf } from './near.js';
import { type LearnerSubject, look, step, using } from './subject.js';

/** No multiple of a round number, so that a rate that was rounded shows. */
const rate = 0.00437;

/** Of the change that an update makes: terms of second order in rate and decay are no fault. */
const share = 1e-3;

interface FirstUpdate {
  readonly names: readonly string[];
  /** The weights before any update. */
  readonly begun: (name: string) => Host;
  /** Weights after one first update under a plan: moments are zero before, so the change is in proportion to the rate. */
  readonly after: (plan: Partial<UpdatePlan>) => Promise<(name: string) => Host>;
}

async function firstUpdate(learner: Learner, { weightOf }: LearnerSubject): Promise<FirstUpdate> {
  const begun = learner.save();
  const weights = () => {
    const saved = learner.save();
    return (name: string): Host => saved[weightOf(name)]!.data;
  };
  const { result: names } = await look(learner, {}, (gradients) => gradients.names);
  const after: FirstUpdate['after'] = async (plan) => {
    learner.load(begun);
    await step(learner, { plan });
    return weights();
  };
  return { names, begun: weights(), after };
}

/** @throws unless weights moved from where they began as they should, to a share of it and rounding */
function ensureMoved(found: Host, begun: Host, expected: (index: number) => number, tolerance: number, what: string): void {
  const moves = Array.from(begun, (_, i) => expected(i));
  const allowed = share * largestOf(moves) + 10 * tolerance * largestOf(begun);
  const at = moves.findIndex((move, i) => !(Math.abs(found[i]! - begun[i]! - move) <= allowed));
  ensure(at < 0, `${what} moves number ${at} by ${found[at]! - begun[at]!} and should by ${moves[at]}`);
}

/** Twice the learning rate moves weights twice as far, and a rate of 0 moves none. */
export const followsTheRate = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { names, begun, after } = await firstUpdate(learner, subject);
    const [none, once, twice] = [await after({ learningRate: 0 }), await after({ learningRate: rate }), await after({ learningRate: 2 * rate })];
    for (const name of names) {
      const [before, one] = [begun(name), once(name)];
      const at = Array.from(before).findIndex((x, i) => x !== none(name)[i]);
      ensure(at < 0, `a learning rate of 0 moves number ${at} of '${name}' from ${before[at]} to ${none(name)[at]}`, 'decay takes the rate too');
      ensureMoved(twice(name), before, (i) => 2 * (one[i]! - before[i]!), subject.tolerance, `twice the learning rate, of '${name}',`);
    }
  });

/** A rate scale of a half is half the learning rate, for its parameter alone. */
export const scalesRates = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { names, begun, after } = await firstUpdate(learner, subject);
    const slowed = new Set(names.filter((_, i) => i % 2 === 0));
    const [half, whole] = [await after({ learningRate: rate }), await after({ learningRate: 2 * rate })];
    const mixed = await after({ learningRate: 2 * rate, rateScale: (name) => (slowed.has(name) ? 0.5 : 1) });
    for (const name of names) {
      const [before, expected] = [begun(name), (slowed.has(name) ? half : whole)(name)];
      const what = slowed.has(name) ? `a rate scale of 0.5, of '${name}',` : `a rate scale of others, of '${name}',`;
      ensureMoved(mixed(name), before, (i) => expected[i]! - before[i]!, subject.tolerance, what);
    }
  });

/** The step count of a bias correction is the parameter's own, or the plan's, as the plan says. */
export const countsSteps = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const { result: names } = await look(learner, {}, (gradients) => gradients.names);
    await step(learner);
    const begun = learner.save();
    const after = async (counter: UpdatePlan['counter'], at: number) => {
      learner.load(begun);
      await step(learner, { position: 1, plan: { step: at, counter, learningRate: 0.1 } });
      return learner.save();
    };
    const [own, ownLate, global, globalLate] = [await after('own', 1), await after('own', 9), await after('global', 1), await after('global', 9)];
    const other = (found: typeof own): string | undefined =>
      names.find((name) => {
        const [a, b] = [own[subject.weightOf(name)]!.data, found[subject.weightOf(name)]!.data];
        return Array.from(a).some((x, i) => !(Math.abs(x - b[i]!) <= 10 * subject.tolerance * largestOf(a)));
      });
    const [late, early, gap] = [other(ownLate), other(global), other(globalLate)];
    ensure(late === undefined, `counter 'own': '${late}' depends on the step of the plan`, 'count the updates of each parameter');
    ensure(early === undefined, `counter 'global': with no step left out, '${early}' is another than under 'own'`, 'take plan.step + 1 for the count');
    const none = subject.cannot.has('counters');
    ensure(
      (gap === undefined) === none,
      none
        ? `counter 'global' changes '${gap}', and the learner is claimed to count nothing: 'counters'`
        : "counter 'global' is the same as 'own' after steps that were left out; if the optimizer counts no steps, as SGD, claim 'counters'",
    );
  });
