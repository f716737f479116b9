import type { Block, Learner } from '../../learner.js';
import { learnerSchema } from '../../learner-shape.js';
import { parseOptions } from '../../parse.js';
import { ensure, fault } from '../check.js';
import { ensureScalarsNear } from './near.js';
import { blockOf, gradientsOf, type LearnerSubject, look, planOf, using } from './subject.js';

function checkLimits(learner: Learner, cannot: LearnerSubject['cannot']): void {
  const branches = learner.blocks.some((block) => block.branches.length > 0);
  ensure(
    branches !== cannot.has('branches'),
    branches ? "it has branches, and is claimed to have none: 'branches'" : "no block has branches; if that is meant, claim 'branches'",
  );
  const sets = learner.evaluationSets.length > 0;
  ensure(
    sets !== cannot.has('evaluation'),
    sets ? "it has evaluation sets, and is claimed to have none: 'evaluation'" : "it has no evaluation sets; if that is meant, claim 'evaluation'",
  );
}

/** The parts of the interface; parameters that `blocks` names are there, and belong to one block and branch each. */
export const hasItsParts = (subject: LearnerSubject): Promise<void> =>
  using(subject, (learner) => {
    parseOptions('the learner', learnerSchema, learner);
    checkLimits(learner, subject.cannot);
    const saved = learner.save();
    const owners = new Map<string, string>();
    const own = (parameter: string, owner: string): void => {
      ensure(owners.get(parameter) === undefined, `parameter '${parameter}' is said to belong to ${owners.get(parameter)} and to ${owner}`);
      ensure(
        subject.weightOf(parameter) in saved,
        `save gives no tensor '${subject.weightOf(parameter)}' for parameter '${parameter}' of ${owner}`,
        'option weightOf says how it is called',
      );
      owners.set(parameter, owner);
    };
    for (const block of learner.blocks) {
      for (const parameter of block.parameters) own(parameter, `block '${block.name}'`);
      const inBranches = Object.entries(block.branchParameters ?? {});
      const stray = inBranches.flatMap(([, names]) => names).find((name) => !block.parameters.includes(name));
      ensure(stray === undefined, `branch parameter '${stray}' is none of block '${block.name}'`);
      const strange = inBranches.find(([branch]) => !block.branches.includes(branch));
      ensure(strange === undefined, `block '${block.name}' gives parameters to a branch '${strange?.[0]}' that it does not have`);
    }
  });

/** The same position gives the same batch, in whatever order one asks: a resumed run asks for the later ones alone. */
export const hasPureData = (subject: LearnerSubject): Promise<void> =>
  using(subject, (learner) =>
    using(subject, async (another) => {
      const at = async (of: Learner, position: number) => {
        const { losses, result } = await look(of, { position }, (gradients) => gradients.norm());
        return { ...losses, 'gradient norm': result, ...of.data.counts(await of.data.batch(position)) };
      };
      const { batchesPerEpoch } = learner.data;
      const positions = [...new Set([0, 1, batchesPerEpoch - 1, batchesPerEpoch, batchesPerEpoch + 1, 3 * batchesPerEpoch + 1])];
      const forwards = [];
      for (const position of positions) forwards.push(await at(learner, position));
      for (const [i, position] of [...positions.entries()].reverse()) {
        ensureScalarsNear(await at(another, position), forwards[i]!, 0, `asked for from the end, batch ${position}`);
        ensureScalarsNear(await at(learner, position), forwards[i]!, 0, `asked for again, batch ${position}`);
      }
      const { losses } = await look(learner, {}, () => undefined);
      const counts = learner.data.counts(await learner.data.batch(0));
      const uncounted = Object.keys(losses).find((objective) => !(counts[objective]! >= 0));
      ensure(uncounted === undefined, `objective '${uncounted}' has a loss and no count`, 'data.counts gives the items of each objective');
    }),
  );

/** Notes which blocks are run. */
const noting =
  (called: string[]) =>
  (inner: Block<any>): Block<any> =>
  (name, x, body, ...inputs) => {
    called.push(name);
    return inner(name, x, body, ...inputs);
  };

/** Every pass, training and evaluation, runs each block by `block()`, in the order of `blocks`; what has a gradient is saved. */
export const runsItsBlocks = (subject: LearnerSubject): Promise<void> =>
  using(subject, async (learner) => {
    const listed = learner.blocks.map((block) => block.name);
    const inTraining: string[] = [];
    const border = blockOf(learner);
    await learner.update(await gradientsOf(learner, { wrap: () => noting(inTraining)(border) }), planOf(learner, { skip: true }));
    border.verify();
    ensure(inTraining.join() === listed.join(), `the forward pass runs the blocks ${inTraining.join(', ')}`, `blocks lists them as ${listed.join(', ')}`);
    const saved = learner.save();
    const { result: names } = await look(learner, {}, (gradients) => gradients.names);
    ensure(names.length > 0, 'with all blocks open there is no gradient');
    const unsaved = names.find((name) => !(subject.weightOf(name) in saved));
    ensure(unsaved === undefined, `save gives no tensor '${subject.weightOf(unsaved ?? '')}' for parameter '${unsaved}', which has a gradient`);
    for (const set of learner.evaluationSets) {
      const called: string[] = [];
      await learner.evaluate(set, noting(called)(blockOf(learner, { mode: 'evaluate' })), undefined);
      const first = [...new Set(called)];
      if (first.join() !== listed.join())
        fault(`the evaluation of '${set}' runs the blocks ${first.join(', ') || 'none'}`, `blocks lists them as ${listed.join(', ')}`);
    }
  });
