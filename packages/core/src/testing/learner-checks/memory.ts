import { ensure, fault } from '../check.js';
import { blockOf, type LearnerSubject, step } from './subject.js';

/** Steps, evaluations and slots leave no tensor; `dispose` frees the rest. */
export async function freesAll({ make, live, cannot }: LearnerSubject): Promise<void> {
  if (!live) {
    if (!cannot.has('live')) fault('nothing counts its tensors', "give live: () => number of tensors that its library holds, or claim 'live'");
    return;
  }
  const before = live();
  const learner = await make();
  const round = async (index: number): Promise<number> => {
    await step(learner, { position: index, plan: { step: index } });
    for (const set of learner.evaluationSets) await learner.evaluate(set, blockOf(learner, { mode: 'evaluate' }), undefined);
    learner.weights.copy('slot');
    learner.weights.lerp('slot', 0.5);
    learner.weights.restore('slot');
    learner.load(learner.save());
    return live();
  };
  try {
    await round(0);
    const early = await round(1);
    await round(2);
    const late = await round(3);
    ensure(late === early, `two more steps leave ${late - early} tensors`, 'free what a step made when its update is done');
  } finally {
    learner.dispose();
  }
  const after = live();
  ensure(after === before, `after dispose ${after - before} of its tensors are left`);
}
