import type { Tensors } from '../../values.js';
import { ensure, ensureRefused, same } from '../check.js';
import { ensureSameTensors } from './near.js';
import { type LearnerSubject, step, using } from './subject.js';

const copyOf = (tensors: Tensors): Tensors => structuredClone(tensors);

/** What `save` gives is all: loaded here or into a new learner, the next steps are the same to the bit; later steps do not change it. */
export const savesAll = (subject: LearnerSubject): Promise<void> =>
  using(subject, (learner) =>
    using(subject, async (another) => {
      await step(learner);
      learner.weights.copy('slot');
      await step(learner, { position: 1, plan: { step: 1 } });
      const saved = learner.save();
      const asSaved = copyOf(saved);
      const next = await step(learner, { position: 2, plan: { step: 2 } });
      const later = learner.save();
      ensureSameTensors(saved, asSaved, 'after a later step, in what was saved before');

      another.weights.copy('own');
      await step(another, { position: 3 });
      another.load(saved);
      ensureSameTensors(another.save(), asSaved, 'saved by a learner that had loaded it');
      ensure(another.weights.has('slot') && !another.weights.has('own'), 'load leaves other slots than those that were saved');
      ensure(same(await step(another, { position: 2, plan: { step: 2 } }), next), 'a new learner that loaded the state tells other losses in the next step');
      ensureSameTensors(another.save(), later, 'after the next step of a new learner that loaded the state');
      ensureSameTensors(saved, asSaved, 'after a step of the learner that loaded it, in what was saved before');

      learner.load(saved);
      await step(learner, { position: 2, plan: { step: 2 } });
      ensureSameTensors(learner.save(), later, 'gone back and stepped again');
    }),
  );

/** Tensors with a name or a shape that does not fit are refused, and nothing is changed. */
export const refusesMisfits = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    await step(learner);
    const saved = learner.save();
    const begun = copyOf(saved);
    await step(learner);
    const now = copyOf(learner.save());
    const keys = Object.keys(saved);
    const last = keys.at(-1)!;
    const { [last]: gone, ...without } = saved;
    const { shape, data } = gone!;
    const misfits: readonly (readonly [string, Tensors])[] = [
      [`a checkpoint without '${last}'`, without],
      ['a checkpoint with a tensor too many', { ...saved, 'no such tensor': gone! }],
      [`another shape of '${last}'`, { ...saved, [last]: { shape: [1, ...shape, 1], data } }],
      [`too few numbers of '${last}'`, { ...saved, [last]: { shape, data: data.slice(1) } }],
      ['no tensor at all', {}],
    ];
    for (const [what, tensors] of misfits) {
      await ensureRefused(what, () => learner.load(tensors));
      ensureSameTensors(learner.save(), now, `after ${what} was refused`);
    }
    learner.load(begun);
    ensureSameTensors(learner.save(), begun, 'loaded after all');
  });
