import { mergeGates } from '../gates.js';
import { during } from '../hooks/during.js';
import type { Learner } from '../learner.js';
import type { Plugin } from '../plugin.js';
import type { Awaitable } from '../values.js';
import { type Check, type Claim, checksOf } from './check.js';
import { measuresTensors } from './learner-checks/algebra.js';
import { agreesWithDifferences } from './learner-checks/differences.js';
import { keysDropout, recomputesTheSame } from './learner-checks/draws.js';
import { evaluatesByThePlan } from './learner-checks/evaluation.js';
import { blendsByGain, obeysGates, obeysPolicies } from './learner-checks/gates.js';
import { addsUp, dividesByDenominators, hasItsVerbs, keepsSums, refusesStaleHandles, sparesFrozen, updatesByVerbs } from './learner-checks/gradients.js';
import { freesAll } from './learner-checks/memory.js';
import { countsSteps, followsTheRate, scalesRates } from './learner-checks/rates.js';
import { refusesMisfits, savesAll } from './learner-checks/saving.js';
import { hasItsParts, hasPureData, runsItsBlocks } from './learner-checks/shape.js';
import type { DifferenceOptions, LearnerLimit, LearnerSubject } from './learner-checks/subject.js';
import { evaluatesWithoutTrace, freezes, keepsSlots, leavesOutUpdates, measuresWeights } from './learner-checks/weights.js';
import { resumeConformance } from './resume-conformance.js';

export interface LearnerConformanceOptions<T = any> {
  /** What the learner cannot do; each is a check that is left out, and one that is claimed wrongly is a fault. */
  readonly cannot?: readonly LearnerLimit[];
  /** What it computes in: sets the tolerances below; default `float32`. */
  readonly precision?: 'float32' | 'float64';
  /** Largest relative difference of numbers that are equal but for rounding; default 1e-5, or 1e-12. */
  readonly tolerance?: number;
  /** Of the comparison of gradients with differences of the loss. */
  readonly differences?: Partial<DifferenceOptions>;
  /** The key of a parameter's weights in what `save` gives; default `weights/NAME`. */
  readonly weightOf?: (parameter: string) => string;
  /** How many tensors the library holds, e.g. `() => tf.memory().numTensors`. */
  readonly live?: () => number;
  /** Twice a tensor, to see what `map` does: `(x) => tf.mul(x, 2)`. */
  readonly double?: (tensor: T) => T;
}

const defaults = {
  float32: { tolerance: 1e-5, differences: { step: 1e-2, tolerance: 2e-2, parameters: 12, rounding: 6e-8 } },
  float64: { tolerance: 1e-12, differences: { step: 1e-5, tolerance: 1e-7, parameters: 12, rounding: 1e-16 } },
} as const;

/** Closes blocks by keyed draws. */
const dropping: Plugin = {
  name: 'conformance-dropping',
  accumulation: 2,
  setup: (run) => ({
    onStep: during('begin', (step) => ({
      ...step,
      gates: mergeGates(
        step.gates,
        step.gates.map((gate, i) => ({ ...gate, active: run.random('conformance', step.index, i) < 0.6, gain: 1.5 })),
      ),
    })),
  }),
};

/**
 * What every learner must keep to, as checks for any test runner. Each tells of one fault; one that depends on another passes where that
 * one fails, so that a fault is told once.
 *
 * ```ts
 * describe('my learner', () => {
 *   for (const { name, run } of learnerConformance(() => myLearner(), { cannot: ['dropout', 'live'] })) it(name, run);
 * });
 * ```
 * @param make a new learner at each call, always the same: small, with dropout if it has any
 */
export function learnerConformance<B, T>(make: () => Awaitable<Learner<B, T>>, options: LearnerConformanceOptions<T> = {}): readonly Check[] {
  const { cannot = [], precision = 'float32', weightOf = (parameter) => `weights/${parameter}`, live, double } = options;
  const { tolerance, differences } = defaults[precision];
  const subject: LearnerSubject = {
    make,
    cannot: new Set(cannot),
    tolerance: options.tolerance ?? tolerance,
    differences: { ...differences, ...options.differences },
    weightOf,
    live,
    double,
  };
  const resumed = async () => {
    await resumeConformance({ plugins: () => [dropping], learner: make, steps: 6, every: 2, evaluateEvery: 3, kills: [0, 4] });
  };
  const claim = (name: string, needs: readonly Claim[], test: Claim['test']): Claim => ({ name, needs: needs.map((need) => need.name), test });
  const unless = (limit: LearnerLimit, ...claimed: readonly Claim[]): readonly Claim[] => (subject.cannot.has(limit) ? [] : claimed);
  const parts = claim('has the parts of a learner', [], () => hasItsParts(subject));
  const blocks = claim('runs its blocks, in their order', [parts], () => runsItsBlocks(subject));
  const dropout = claim('keys dropout by the seed', [parts, blocks], () => keysDropout(subject));
  const data = claim('gives the same batch for the same position', [parts, blocks, dropout], () => hasPureData(subject));
  const pure = [parts, data, dropout, blocks];
  const gates = claim('leaves closed blocks and branches alone', pure, () => obeysGates(subject));
  const algebra = claim('measures tensors by their inner product', pure, () => measuresTensors(subject));
  const blend = claim('blends by the gain', [...pure, algebra], () => blendsByGain(subject));
  const counts = claim('divides each objective by its denominator', pure, () => dividesByDenominators(subject));
  const sums = claim('adds micro-batches up', [...pure, counts], () => addsUp(subject));
  const verbs = claim('has verbs of gradients that do as they say', pure, () => hasItsVerbs(subject));
  const saving = claim('saves and loads all of its state', pure, () => savesAll(subject));
  const whole = [...pure, saving];
  const left = claim('leaves out an update that is to be skipped', [...whole, verbs], () => leavesOutUpdates(subject));
  const updates = claim('updates by what the verbs gave', [...whole, verbs, left], () => updatesByVerbs(subject));
  const rate = claim('follows the learning rate', whole, () => followsTheRate(subject));
  return checksOf([
    parts,
    blocks,
    dropout,
    data,
    gates,
    algebra,
    blend,
    counts,
    sums,
    verbs,
    saving,
    updates,
    claim('keeps a sum while another begins', [...whole, left], () => keepsSums(subject)),
    claim('spares frozen parameters', [...pure, gates], () => sparesFrozen(subject)),
    claim('refuses handles that are stale or foreign', [...pure, sums], () => refusesStaleHandles(subject)),
    rate,
    claim('scales the rate of each parameter', [...whole, rate], () => scalesRates(subject)),
    claim('counts steps as it is told', whole, () => countsSteps(subject)),
    claim('updates dropped parameters by the policy', [...whole, gates, updates], () => obeysPolicies(subject)),
    claim('freezes at a rate scale of 0', whole, () => freezes(subject)),
    left,
    claim('keeps weights in slots', whole, () => keepsSlots(subject)),
    claim('measures its weights', whole, () => measuresWeights(subject)),
    ...unless(
      'evaluation',
      claim('evaluates without a trace', whole, () => evaluatesWithoutTrace(subject)),
      claim('evaluates by the plan', [...whole, blend], () => evaluatesByThePlan(subject)),
    ),
    claim('refuses tensors that do not fit', whole, () => refusesMisfits(subject)),
    claim('resumes as the run that was not interrupted', [...whole, gates, sums], resumed),
    claim('recomputes to the same', [...pure, gates], () => recomputesTheSame(subject)),
    ...unless(
      'differences',
      claim('has the gradient of its loss', [...whole, gates, blend], () => agreesWithDifferences(subject)),
    ),
    claim('frees what it made', [parts], () => freesAll(subject)),
  ]);
}
