import { expect, it } from 'vitest';
import { type DynamicRun, dynamicsFigures } from './charts.js';
import type { Dynamics, Point } from './series.js';

const flat = (...values: readonly number[]): readonly (readonly Point[])[] =>
  values.map((value) => Array.from({ length: 20 }, (_, i) => ({ step: i + 1, value })));

const run = (name: string, dynamics: Partial<Dynamics['figures']>): DynamicRun => ({
  name,
  steps: 20,
  dynamics: {
    blocks: ['encoder.0', 'encoder.1'],
    figures: { gradientNorm: flat(0.5, 2), distance: flat(3, 4), cosine: flat(0.9, 0.8), ...dynamics },
    top: { train: flat(7)[0]!, evaluate: [{ step: 20, value: 6 }] },
  },
});

it('draws each figure and tells it in words; what is missing is told as such', async () => {
  const figures = await dynamicsFigures([run('one', {}), run('two', { distance: [[], flat(5)[0]!], gradientNorm: flat(0, 1) })]);
  const told = figures.map(({ svg }) => /aria-label="([^"]+)"/.exec(svg)![1]!);
  expect(told).toEqual([
    'Gradient norm by block. first tenth of the run: one 0.5, 2; two 0, 1. last tenth: one 0.5, 2; two 0, 1.',
    'Gradient norm of each block over steps. one, mean of the last tenth: block 1 0.5, block 2 2. two, mean of the last tenth: block 1 0, block 2 1.',
    'Distance of a block’s input and output over steps. one, mean of the last tenth: block 1 3, block 2 4. two, mean of the last tenth: block 1 –, block 2 5.',
    'Cosine similarity of a block’s input and output over steps. one, mean of the last tenth: block 1 0.9, block 2 0.8. two, mean of the last tenth: block 1 0.9, block 2 0.8.',
    'Norm of what leaves the last block against steps. At the end, one: training 7, evaluation 6; two: training 7, evaluation 6.',
  ]);
  for (const { svg } of figures) expect(svg).not.toMatch(/NaN|Infinity/);
  expect(await dynamicsFigures([])).toEqual([]);
});
