import type { Block } from '../../learner.js';
import { ensure, ensureRefused, same } from '../check.js';
import { ensureAllNear, ensureScalarsNear } from './near.js';
import { type Forward, type LearnerSubject, look, mixedGates, using, valuesOf } from './subject.js';

/** Counts the bodies of blocks that are called. */
const counting =
  (calls: { count: number }) =>
  (inner: Block<any>): Block<any> =>
  (name, x, body, ...inputs) =>
    inner(
      name,
      x,
      (...given) => {
        calls.count += 1;
        return body(...given);
      },
      ...inputs,
    );

/** Recomputed blocks give the same losses and gradients, with the same dropout; a learner that cannot recompute says so, as memory would tell too late. */
export const recomputesTheSame = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const gates = mixedGates(learner);
    if (subject.cannot.has('recompute'))
      return ensureRefused("recomputation, claimed as what it cannot: 'recompute'", () => look(learner, { gates, recompute: true }, valuesOf));
    const kept = await look(learner, { gates }, valuesOf);
    const [once, twice] = [{ count: 0 }, { count: 0 }];
    await look(learner, { gates, wrap: counting(once) }, valuesOf);
    const again = await look(learner, { gates, recompute: true, wrap: counting(twice) }, valuesOf);
    ensureScalarsNear(again.losses, kept.losses, subject.tolerance, 'with blocks recomputed, the loss');
    ensure(Object.keys(again.result).sort().join() === Object.keys(kept.result).sort().join(), 'with blocks recomputed, other parameters have a gradient');
    for (const [name, values] of Object.entries(kept.result))
      ensureAllNear(again.result[name]!, values, 10 * subject.tolerance, `with blocks recomputed, the gradient of '${name}'`);
    if (once.count === 0) return; // graphs of the pass before
    const traced = subject.cannot.has('calls');
    ensure(
      twice.count > once.count !== traced,
      traced
        ? "recomputation calls the bodies of blocks again, and the learner is claimed not to: 'calls'"
        : "asked to recompute, it calls no block's body again in the backward pass; if it recomputes what it traced, claim 'calls'",
    );
  });

/** Dropout is a function of the seeds, of blocks and of what lies outside: the same ones repeat it to the bit, others change it. */
export const keysDropout = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const batch: unknown = await learner.data.batch(0);
    const at = (seeds: Forward) => look(learner, { ...seeds, batch }, (gradients) => gradients.norm());
    const first = await at({ seed: 7 });
    const other = await at({ seed: 8 });
    ensure(
      same(await at({ seed: 7 }), first),
      'two passes with the same seed differ',
      'dropout is keyed by the seed of the block, and outside of blocks by that of gradients()',
    );
    const without = subject.cannot.has('dropout');
    ensure(
      same(other.losses, first.losses) === without,
      without
        ? "another seed changes the loss, and the learner is claimed to have no 'dropout'"
        : "another seed changes nothing: is dropout off? If it has none, claim 'dropout'",
    );
    if (without) return;
    /** Whether dropout depends on a seed; one may drop by chance what another does. */
    const depends = async (seeds: (seed: number) => Forward): Promise<boolean> => {
      for (const seed of [8, 9, 10]) if (!same((await at(seeds(seed))).losses, first.losses)) return true;
      return false;
    };
    const obeys = (does: boolean, limit: 'innerDropout' | 'outerDropout', which: string): void =>
      ensure(
        does !== subject.cannot.has(limit),
        does
          ? `another seed ${which} changes the loss, and the learner is claimed to have no '${limit}'`
          : `another seed ${which} alone changes nothing: if there is no dropout that it is the key of, claim '${limit}'`,
      );
    obeys(await depends((seed) => ({ seed: 7, outerSeed: seed })), 'outerDropout', 'of gradients()');
    obeys(await depends((seed) => ({ seed, outerSeed: 7 })), 'innerDropout', 'of blocks');
  });
