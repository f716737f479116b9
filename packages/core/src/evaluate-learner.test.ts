import { expect, it } from 'vitest';
import { evaluateLearner } from './evaluate-learner.js';
import { during } from './hooks/during.js';
import { residualMlp } from './testing/residual-mlp.js';
import { createTrainer } from './trainer.js';
import type { Scalars } from './values.js';

/** A learner of one block with the weights of the second block of this one. */
function withoutFirst(learner: ReturnType<typeof residualMlp>) {
  const tensors = learner.save();
  const small = residualMlp({ depth: 1 });
  const own = small.save();
  const moved = Object.keys(own).map((name) => [name, name.startsWith('weights/') ? tensors[name.replace('block.0', 'block.1')]! : own[name]!]);
  small.load(Object.fromEntries(moved));
  return small;
}

it('evaluates the whole network, or that which a plan leaves', async () => {
  const learner = residualMlp({ depth: 2 });
  const gates = learner.blocks.map(({ name, branches }, i) => ({
    name,
    active: i === 1,
    gain: 1,
    branches: Object.fromEntries(branches.map((branch) => [branch, { active: true, gain: 1 }])),
  }));
  expect(await evaluateLearner(learner, 'dev', { gates })).toEqual(await evaluateLearner(withoutFirst(learner), 'dev'));
  expect(await evaluateLearner(learner, 'dev', { gates })).not.toEqual(await evaluateLearner(learner, 'dev'));
});

it('is what a plugin evaluates with beside the run: no hook and no news tells of it', async () => {
  const own: Scalars[] = [];
  const told: Scalars[] = [];
  const trainer = createTrainer({
    learner: residualMlp(),
    plugins: [
      {
        name: 'beside',
        setup: (run) => ({
          onStep: during('end', async (step) => {
            own.push(await run.evaluate('dev'));
            return { ...step, evaluate: ['dev'] };
          }),
        }),
      },
    ],
    steps: 2,
    learningRate: 0.1,
  });
  trainer.on('evaluation', ({ metrics }) => void told.push(metrics));
  await trainer.run();
  expect(told).toEqual(own);
  expect(own).toHaveLength(2);
});

it('names a set that is not there', async () => {
  await expect(evaluateLearner(residualMlp(), 'def')).rejects.toMatchObject({ code: 'HOOKLINE_EVALUATION_SET', message: expect.stringContaining("'dev'") });
});
