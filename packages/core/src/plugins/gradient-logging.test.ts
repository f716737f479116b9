import { describe, expect, it } from 'vitest';
import { mergeGates } from '../gates.js';
import { during } from '../hooks/during.js';
import type { Plugin } from '../plugin.js';
import { residualMlp } from '../testing/residual-mlp.js';
import { createTrainer } from '../trainer.js';
import type { Scalars } from '../values.js';
import { gradientLogging } from './gradient-logging.js';

const norm = (...all: ArrayLike<number>[]): number => Math.hypot(...all.flatMap((one) => Array.from(one)));

async function logged(options: Parameters<typeof gradientLogging>[0], others: readonly Plugin[] = []) {
  const learner = residualMlp({ depth: 2 });
  const gradients: Record<string, number[]>[] = [];
  const look: Plugin = {
    name: 'look',
    onStep: during('gradients', (step) => {
      gradients.push(Object.fromEntries(step.gradients.names.map((name) => [name, [...step.gradients.values(name)]])));
      return step;
    }),
  };
  const weights = [learner.save()];
  const reports: Scalars[] = [];
  const trainer = createTrainer({ learner, plugins: [...others, gradientLogging(options), look], steps: 4, learningRate: 0.01 });
  for await (const { report } of trainer.events('step')) {
    reports.push(report);
    weights.push(learner.save());
  }
  const of = (step: number, name: string): ArrayLike<number> => weights[step]![`weights/${name}`]!.data;
  const way = (step: number, name: string): number[] => Array.from(of(step + 1, name), (w, i) => w - of(step, name)[i]!);
  return { reports, gradients, of, way, weights, learner };
}

describe('gradientLogging', () => {
  it('reports norms and update ratios of blocks, and outside them, every so many steps', async () => {
    const { reports, gradients, of, way, learner } = await logged({ every: 2 });
    expect(reports.map((report) => Object.keys(report).length)).toEqual([0, 6, 0, 6]);
    for (const step of [1, 3]) {
      for (const [name, members] of [...learner.blocks.map(({ name, parameters }) => [name, parameters] as const), ['outside', ['stem', 'head']] as const]) {
        expect(reports[step]![`gradientNorm.${name}`]).toBeCloseTo(norm(...members.map((one) => gradients[step]![one]!)), 12);
        const ratio = norm(...members.map((one) => way(step, one))) / norm(...members.map((one) => of(step, one)));
        expect(reports[step]![`updateRatio.${name}`]).toBeCloseTo(ratio, 12);
      }
    }
  });

  it('reports each parameter by itself where asked to', async () => {
    const { reports, gradients, of, way } = await logged({ every: 1, per: 'parameter' });
    expect(Object.keys(reports[0]!).length).toBe(2 * 10);
    expect(reports[0]!['gradientNorm.block.1.a.in']).toBeCloseTo(norm(gradients[0]!['block.1.a.in']!), 12);
    expect(reports[2]!['updateRatio.head']).toBeCloseTo(norm(way(2, 'head')) / norm(of(2, 'head')), 12);
  });

  it('has no gradient norm for what was dropped, and sees that it did not move', async () => {
    const drop: Plugin = {
      name: 'drop',
      onStep: during('begin', (step) => ({
        ...step,
        gates: mergeGates(
          step.gates,
          step.gates.map((gate, i) => ({ ...gate, active: i === 1 })),
        ),
      })),
    };
    const { reports } = await logged({ every: 1 }, [drop]);
    expect(reports[0]).not.toHaveProperty(['gradientNorm.block.0']);
    expect(reports[0]!['updateRatio.block.0']).toBe(0);
    expect(reports[0]!['updateRatio.block.1']).toBeGreaterThan(0);
  });

  it('leaves no slot behind', async () => {
    const { weights } = await logged({ every: 1 });
    expect(Object.keys(weights.at(-1)!).some((name) => name.startsWith('slots.'))).toBe(false);
  });

  it('leaves no slot behind where a step fails after its copy', async () => {
    const fail: Plugin = {
      name: 'fail',
      onStep: during('gradients', () => {
        throw new Error('boom');
      }),
    };
    const learner = residualMlp();
    await expect(createTrainer({ learner, plugins: [gradientLogging({ every: 1 }), fail], steps: 1, learningRate: 0.01 }).run()).rejects.toThrow('boom');
    expect(learner.weights.has('gradient-logging')).toBe(false);
  });

  it('reports nothing that is not finite', async () => {
    const broken: Plugin = {
      name: 'broken',
      stage: -1,
      onStep: during('gradients', (step) => ({ ...step, skipUpdate: true, gradients: step.gradients.scale(Number.NaN, (name) => name.startsWith('block.1')) })),
    };
    const { reports } = await logged({ every: 1 }, [broken]);
    expect(Object.keys(reports[0]!)).toEqual([
      'gradientNorm.block.0',
      'gradientNorm.outside',
      'updateRatio.block.0',
      'updateRatio.block.1',
      'updateRatio.outside',
    ]);
  });

  it.each([{}, { every: 0 }, { every: 1, per: 'layer' }])('refuses %o', (options) => {
    expect(() => gradientLogging(options as never)).toThrow(expect.objectContaining({ code: 'HOOKLINE_OPTIONS' }));
  });
});
