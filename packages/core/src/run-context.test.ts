import { expect, test } from 'vitest';
import type { RunContext } from './plugin.js';
import { residualMlp } from './testing/index.js';
import { createTrainer } from './trainer.js';

/** What a plugin is given. */
async function contextOf(learner = residualMlp()): Promise<RunContext> {
  let context: RunContext | undefined;
  const setup = (run: RunContext) => {
    context = run;
    return {};
  };
  await createTrainer({ learner, plugins: [{ name: 'look', setup }], steps: 1, learningRate: 0.01 }).run();
  return context!;
}

const listsOf = (lists: Pick<RunContext, 'blocks' | 'evaluationSets' | 'weights'>) =>
  structuredClone([lists.blocks, lists.evaluationSets, lists.weights.names]);

test.each<[string, (run: any) => unknown]>([
  ['the blocks', (run) => run.blocks.reverse()],
  ['the parameters of a block', (run) => run.blocks[0].parameters.pop()],
  ['the branches of a block', (run) => run.blocks[0].branches.push('c')],
  ['the parameters of a branch', (run) => run.blocks[0].branchParameters.a.pop()],
  ['which branches have parameters', (run) => delete run.blocks[0].branchParameters.a],
  ['the cost of a block', (run) => Object.assign(run.blocks[0], { cost: 7 })],
  ['the evaluation sets', (run) => run.evaluationSets.push('test')],
  ['the names of the weights', (run) => run.weights.names.reverse()],
  ['a verb of the weights', (run) => Object.assign(run.weights, { copy: () => undefined })],
])('%s, as plugins see them, cannot be changed', async (_, change) => {
  const learner = residualMlp();
  const before = listsOf(learner);
  const run = await contextOf(learner);
  expect(listsOf(run)).toEqual(before);
  expect(() => change(run)).toThrow(TypeError);
  expect(listsOf(learner)).toEqual(before);
});

test('the verbs of the weights are those of the learner', async () => {
  const learner = residualMlp();
  const { weights } = await contextOf(learner);
  weights.copy('slot');
  expect(learner.weights.has('slot')).toBe(true);
  weights.lerp('slot', 0.5);
  expect(weights.norms('slot')).toEqual(learner.weights.norms('slot'));
  weights.restore('slot');
  weights.remove('slot');
  expect([weights.has('slot'), learner.weights.has('slot')]).toEqual([false, false]);
});
