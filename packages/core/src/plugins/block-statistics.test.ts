import { expect, it } from 'vitest';
import { during, eachBlock } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { resumeConformance } from '../testing/resume-conformance.js';
import type { Vec } from '../testing/tape.js';
import { createTrainer } from '../trainer.js';
import type { News } from '../trainer-types.js';
import { accumulateGradients } from './accumulate-gradients.js';
import { blockChange, blockStatistics } from './block-statistics.js';

const { algebra } = residualMlp();
const vec = (...values: number[]): Vec => ({ values: Float64Array.from(values), gradient: new Float64Array(values.length) });

it.each([
  // x, y, distance, cosine
  [[3, 4], [3, 4], 0, 1],
  [[1, 0], [0, 1], Math.SQRT2, 0],
  [[1, 2], [-1, -2], Math.sqrt(20), -1],
  [[3, 0], [3, 4], 4, 0.6],
])('a block that makes %j into %j moves by %f and turns to %f', (x, y, distance, cosine) => {
  const change = blockChange(algebra, vec(...x), vec(...y));
  expect(change.distance).toBeCloseTo(distance, 14);
  expect(change.cosine).toBeCloseTo(cosine, 14);
});

it('keeps its digits where input and output are close', () => {
  expect(blockChange(algebra, vec(1, 1), vec(1, 1 + 1e-9)).distance).toBeCloseTo(1e-9, 15);
});

/** Keeps what passes through the blocks, and the gradients, as plain numbers. */
function kept() {
  const passed: { mode: string; step: number; micro: number; name: string; x: number[]; y: number[] }[] = [];
  const gradients: Record<string, number[]>[] = [];
  const plugin: Plugin = {
    name: 'kept',
    stage: -1,
    onForwardBlock: eachBlock<Vec>((call) => {
      if (call.phase === 'leave') {
        const { mode, step, micro, name, input, output } = call;
        passed.push({ mode, step, micro, name, x: [...input.values], y: [...output.values] });
      }
      return call;
    }),
    onStep: during('gradients', (step) => {
      gradients[step.index] = Object.fromEntries(step.gradients.names.map((name) => [name, [...step.gradients.values(name)]]));
      return step;
    }),
  };
  return { plugin, passed, gradients };
}

const norm = (x: readonly number[]) => Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0));

async function run(plugins: readonly Plugin[], steps: number) {
  const told: News['step'][] = [];
  const evaluated: News['evaluation'][] = [];
  const trainer = createTrainer({
    learner: residualMlp({ depth: 3 }),
    plugins: [...plugins, { name: 'evaluate', onStep: during('end', (step) => ({ ...step, evaluate: ['dev'] })) }],
    steps,
    learningRate: 0.05,
  });
  trainer.on('step', (news) => void told.push(news));
  trainer.on('evaluation', (news) => void evaluated.push(news));
  await trainer.run();
  return { told, evaluated };
}

it('equals a plain computation from what passed through', async () => {
  const { plugin, passed, gradients } = kept();
  const { told, evaluated } = await run([plugin, blockStatistics({ every: 2 }), accumulateGradients({ microBatches: 2 })], 5);
  expect(told.map(({ report }) => Object.keys(report).length)).toEqual([10, 0, 10, 0, 10]);
  for (const { index, report } of told.filter(({ index }) => index % 2 === 0)) {
    const expected: Record<string, number> = {};
    for (const { name, x, y } of passed.filter((one) => one.mode === 'train' && one.step === index && one.micro === 0)) {
      expected[`distance.${name}`] = norm(x.map((value, i) => value - y[i]!));
      expected[`cosine.${name}`] = x.reduce((sum, value, i) => sum + value * y[i]!, 0) / (norm(x) * norm(y));
      expected[`gradientNorm.${name}`] = norm(['a', 'b'].flatMap((b) => ['in', 'out'].flatMap((part) => gradients[index]![`${name}.${b}.${part}`]!)));
      expected['topNorm'] = norm(y);
    }
    expect(Object.keys(report).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, value] of Object.entries(expected)) expect(report[name]).toBeCloseTo(value, 12);
  }
  const tops = passed.filter((one) => one.mode === 'evaluate' && one.step === 3 && one.name === 'block.2').map(({ y }) => norm(y));
  expect(tops).toHaveLength(2);
  expect(evaluated[2]!.metrics['topNorm']).toBeCloseTo((tops[0]! + tops[1]!) / 2, 12);
});

it('says nothing of blocks that did not run, and the top is then what came to it', async () => {
  const { plugin, passed } = kept();
  const closed: Plugin = {
    name: 'closed',
    onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate) => ({ ...gate, active: gate.name === 'block.0' })) })),
  };
  const { told, evaluated } = await run([plugin, closed, blockStatistics({ every: 1, evaluations: false })], 1);
  expect(Object.keys(told[0]!.report).sort()).toEqual(['cosine.block.0', 'distance.block.0', 'gradientNorm.block.0', 'topNorm']);
  expect(told[0]!.report['topNorm']).toBeCloseTo(norm(passed[0]!.y), 12);
  expect(evaluated[0]!.metrics['topNorm']).toBeUndefined();
});

it('tells of each step what passed in it, also where a plugin had the passes run once more', async () => {
  const replaying: Plugin = {
    name: 'replaying',
    stage: 1,
    onStep: during('gradients', async (step) => {
      await step.replay(() => undefined);
      return step;
    }),
  };
  const closing: Plugin = {
    name: 'closing',
    onStep: during('begin', (step) => ({ ...step, gates: step.gates.map((gate) => ({ ...gate, active: step.index === 0 })) })),
  };
  const { told } = await run([closing, blockStatistics({ every: 1, evaluations: false }), replaying], 2);
  expect(Object.keys(told[1]!.report)).toEqual(['topNorm']);
  expect((await run([closing, blockStatistics({ every: 1, evaluations: false })], 2)).told[1]!.report).toEqual(told[1]!.report);
});

it('leaves out what is not finite: the cosine of zeros', async () => {
  const zero: Plugin = {
    name: 'zero',
    stage: -1,
    onForwardBlock: eachBlock<Vec>((call) => (call.phase === 'enter' && call.index === 0 ? { ...call, input: vec(...Array(30).fill(0)) } : call)),
  };
  const { told } = await run([zero, blockStatistics({ every: 1 })], 1);
  expect(told[0]!.report).not.toHaveProperty(['cosine.block.0']);
  expect(told[0]!.report).toHaveProperty(['distance.block.0']);
  expect(Object.values(told[0]!.report).every(Number.isFinite)).toBe(true);
});

it('resumes exactly', async () => {
  const report = await resumeConformance({ plugins: () => [blockStatistics({ every: 2 })], kills: [1, 4, 8] });
  expect(report.kills).toHaveLength(3);
});
