import { expect, it } from 'vitest';
import { evaluateLearner } from '../evaluate-learner.js';
import { openGates } from '../gates.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { Logger } from '../services.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { resumeConformance } from '../testing/resume-conformance.js';
import { createTrainer } from '../trainer.js';
import type { News } from '../trainer-types.js';
import { earlyStopping } from './early-stopping.js';
import { lesioning, lesionPlans, lesions } from './lesioning.js';
import { weightAveraging } from './weight-averaging.js';

it('plans to leave out each block that runs', () => {
  const gates = openGates(residualMlp({ depth: 3 }).blocks).map((gate, i) => ({ ...gate, active: i !== 1, gain: 2 }));
  const plans = lesionPlans(gates);
  expect([...plans.keys()]).toEqual(['block.0', 'block.2']);
  expect(plans.get('block.2')).toEqual([gates[0], gates[1], { ...gates[2], active: false }]);
});

it('asks for a metric that is there', async () => {
  const learner = residualMlp();
  const evaluate = (gates = openGates(learner.blocks)) => evaluateLearner(learner, 'dev', { gates });
  await expect(lesions(evaluate, openGates(learner.blocks), 'lost')).rejects.toMatchObject({ code: 'HOOKLINE_METRIC' });
});

it.each([false, true])('adds the loss without each block to the evaluation at the end, of averaged weights: %s', async (averaged) => {
  const learner = residualMlp({ depth: 3 });
  const told: News['evaluation'][] = [];
  const trainer = createTrainer({
    learner,
    plugins: [
      lesioning(),
      ...(averaged ? [weightAveraging({ decay: 0.9 })] : []),
      { name: 'evaluate', onStep: during('end', (step) => ({ ...step, evaluate: ['dev'] })) },
    ],
    steps: 4,
    learningRate: 0.05,
  });
  trainer.on('evaluation', (news) => void told.push(news));
  await trainer.run();
  const blocks = ['block.0', 'block.1', 'block.2'];
  expect(told.slice(0, 3).map(({ metrics }) => Object.keys(metrics))).toEqual(Array(3).fill(['loss', 'all', 'masked']));
  expect(Object.keys(told[3]!.metrics)).toEqual(['loss', 'all', 'masked', ...blocks.map((name) => `lesion.${name}`)]);
  for (const name of blocks) {
    const gates = openGates(learner.blocks).map((gate) => ({ ...gate, active: gate.name !== name }));
    const { loss } = await evaluateLearner(learner, 'dev', { gates, weights: averaged ? 'ema' : undefined });
    expect(told[3]!.metrics[`lesion.${name}`]).toBe(loss);
    expect(loss).not.toBe(told[3]!.metrics['loss']);
  }
});

const evaluateAfter = (...steps: readonly number[]): Plugin => ({
  name: 'evaluate',
  onStep: during('end', (step) => ({ ...step, evaluate: steps.includes(step.index + 1) ? ['dev'] : [] })),
});

async function lesioned(options: Parameters<typeof lesioning>[0], plugins: readonly Plugin[]) {
  const told: News['evaluation'][] = [];
  const warnings: string[] = [];
  const trainer = createTrainer({
    learner: residualMlp({ depth: 2 }),
    plugins: [lesioning(options), ...plugins],
    steps: 6,
    learningRate: 0.05,
    services: (run) => run.register(Logger, { useFactory: (): Logger => ({ info: () => undefined, warn: (line) => void warnings.push(line) }) }),
  });
  trainer.on('evaluation', (news) => void told.push(news));
  const { stopped } = await trainer.run();
  return { stopped, warnings, measured: told.filter(({ metrics }) => 'lesion.block.0' in metrics).map(({ step }) => step) };
}

it('measures where early stopping ends the run', async () => {
  const stopping = earlyStopping({ set: 'dev', metric: 'loss', minDelta: 100, patience: 1 });
  const { stopped, warnings, measured } = await lesioned({}, [evaluateAfter(2, 4, 6), stopping]);
  expect(stopped).toContain('has not improved');
  expect([measured, warnings]).toEqual([[4], []]);
});

it.each<[string, Parameters<typeof lesioning>[0], readonly Plugin[], readonly string[]]>([
  [
    'no evaluation after the last step',
    {},
    [evaluateAfter(2)],
    ["plugin 'lesioning' measured nothing: there was no evaluation of 'dev' after the last step; add"],
  ],
  ['no evaluation', { when: 'always' }, [], ["plugin 'lesioning' measured nothing: there was no evaluation of 'dev'; add"]],
  ['an evaluation', {}, [evaluateAfter(6)], []],
])('warns where it measured nothing: %s', async (_, options, plugins, expected) => {
  expect((await lesioned(options, plugins)).warnings).toEqual(expected.map((line) => expect.stringContaining(line)));
});

it('names a metric that is not there at the first evaluation', async () => {
  await expect(lesioned({ metric: 'lost' }, [evaluateAfter(2, 6)])).rejects.toThrow(/onEval, step 2: .*no metric 'lost'.*did you mean 'loss'/);
});

it('names a set that is not there', async () => {
  const trainer = createTrainer({ learner: residualMlp(), plugins: [lesioning({ sets: ['tset'] })], steps: 1, learningRate: 0.1 });
  await expect(trainer.run()).rejects.toThrow("the learner has no evaluation set 'tset'");
});

it('resumes exactly', async () => {
  const report = await resumeConformance({ plugins: () => [lesioning({ when: 'always' })], kills: [2, 5, 9] });
  expect(report.kills).toHaveLength(3);
});
