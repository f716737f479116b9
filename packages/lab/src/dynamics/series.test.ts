import type { MetricsLine } from '@hookline/core/node';
import { expect, it } from 'vitest';
import { dynamicsOf, meanOver } from './series.js';

const step = (index: number, report: Readonly<Record<string, number>>): MetricsLine => ({
  event: 'step',
  time: 0,
  index,
  total: 4,
  epoch: 0,
  loss: 1,
  losses: {},
  gradientNorm: 1,
  learningRate: 1,
  activeBlocks: 2,
  active: [true, true],
  report,
  skipped: false,
  seconds: 1,
});
const evaluation = (at: number, set: string, metrics: Readonly<Record<string, number>>): MetricsLine => ({
  event: 'evaluation',
  time: 0,
  step: at,
  set,
  metrics,
  seconds: 1,
});

it('gathers the figures of each block in the order of depth', () => {
  const lines = [
    step(0, { theta: 1, topNorm: 9, 'gradientNorm.encoder.10': 5, 'distance.encoder.10': 6, 'gradientNorm.encoder.2': 7, 'cosine.encoder.2': 0.5 }),
    step(1, { theta: 1 }),
    step(2, { topNorm: 8, 'gradientNorm.encoder.2': 3, 'lesion.encoder.2': 1 }),
    evaluation(3, 'heldOut', { topNorm: 4 }),
    evaluation(3, 'other', { topNorm: 5 }),
  ];
  expect(dynamicsOf(lines, 'heldOut')).toEqual({
    blocks: ['encoder.2', 'encoder.10'],
    figures: {
      gradientNorm: [
        [
          { step: 1, value: 7 },
          { step: 3, value: 3 },
        ],
        [{ step: 1, value: 5 }],
      ],
      distance: [[], [{ step: 1, value: 6 }]],
      cosine: [[{ step: 1, value: 0.5 }], []],
    },
    top: {
      train: [
        { step: 1, value: 9 },
        { step: 3, value: 8 },
      ],
      evaluate: [{ step: 3, value: 4 }],
    },
  });
});

it('says where a run kept none', () => {
  expect(dynamicsOf([step(0, { theta: 1 })], 'heldOut')).toBeUndefined();
});

it('takes means over a stretch, its end included', () => {
  const points = [1, 2, 3, 4].map((at) => ({ step: at, value: 10 * at }));
  expect(meanOver(points, 2, 4)).toBe(35);
  expect(meanOver(points, 4, 9)).toBeNaN();
});
