import type { Gate } from '../../gates.js';
import { ensure, same } from '../check.js';
import { ensureScalarsNear } from './near.js';
import { blockOf, gatesWith, type LearnerSubject, step, using } from './subject.js';

/** An evaluation runs under the gates and gains that it is given, and drops nothing out. */
export const evaluatesByThePlan = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    await step(learner, { plan: { learningRate: 0.1 } }); // blocks that begin as the identity are none any more
    for (const set of learner.evaluationSets) {
      const at = (gate: Partial<Gate>, seed = 7) =>
        learner.evaluate(set, blockOf(learner, { gates: gatesWith(learner, () => gate), mode: 'evaluate', seed }), undefined);
      const whole = await at({});
      ensure(same(await at({}, 8), whole), `the metrics of '${set}' depend on the seed of blocks`, "no dropout where scope.mode is 'evaluate'");
      if (learner.blocks.length === 0) continue;
      const closed = await at({ active: false });
      ensure(!same(closed, whole), `the metrics of '${set}' are the same with all blocks closed`, 'run blocks by the block() that evaluate is given');
      ensure(
        !same(await at({ gain: 3 }), whole),
        `the metrics of '${set}' are the same with a gain of 3 on all blocks`,
        'blend by the gain in evaluations too',
      );
      ensureScalarsNear(await at({ gain: 0 }), closed, 100 * subject.tolerance, `with a gain of 0 instead of closed blocks, of the metrics of '${set}'`);
    }
  });
