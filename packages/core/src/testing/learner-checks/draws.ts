import { ensure, ensureRefused, same } from '../check.js';
import { ensureAllNear, ensureScalarsNear } from './near.js';
import { type LearnerSubject, look, mixedGates, using, valuesOf } from './subject.js';

/** Recomputed blocks give the same losses and gradients, with the same dropout; a learner that cannot recompute says so, as memory would tell too late. */
export const recomputesTheSame = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const gates = mixedGates(learner);
    if (subject.cannot.has('recompute'))
      return ensureRefused("recomputation, claimed as what it cannot: 'recompute'", () => look(learner, { gates, recompute: true }, valuesOf));
    const kept = await look(learner, { gates }, valuesOf);
    const again = await look(learner, { gates, recompute: true }, valuesOf);
    ensureScalarsNear(again.losses, kept.losses, subject.tolerance, 'with blocks recomputed, the loss');
    ensure(Object.keys(again.result).sort().join() === Object.keys(kept.result).sort().join(), 'with blocks recomputed, other parameters have a gradient');
    for (const [name, values] of Object.entries(kept.result))
      ensureAllNear(again.result[name]!, values, 10 * subject.tolerance, `with blocks recomputed, the gradient of '${name}'`);
  });

/** Dropout is a function of the seed: the same one repeats it to the bit, another one changes it. */
export const keysDropout = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const batch: unknown = await learner.data.batch(0);
    const at = (seed: number) => look(learner, { seed, batch }, (gradients) => gradients.norm());
    const first = await at(7);
    const other = await at(8);
    ensure(
      same(await at(7), first),
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
  });
