import type { News } from '@hookline/core';
import { describe, expect, it } from 'vitest';
import { blockRuns, recordingOf } from './recording.js';

const step = (index: number, extra: Partial<News['step']> = {}) =>
  ({
    event: 'step',
    time: 0,
    index,
    total: 3,
    epoch: 0,
    loss: 9,
    losses: { mlm: 6 - index, nsp: 1 },
    gradientNorm: 1,
    learningRate: 0,
    activeBlocks: 1,
    active: [true, index % 2 === 0],
    report: {},
    skipped: false,
    seconds: 0.5,
    ...extra,
  }) as const;
const evaluation = (at: number, set: string, mlmLoss: number) => ({ event: 'evaluation', time: 0, step: at, set, metrics: { mlmLoss }, seconds: 100 }) as const;

describe('recordingOf', () => {
  const lines = [
    step(0, { report: { theta: 1, expectedActive: 2 } }),
    step(1),
    evaluation(2, 'heldOut', 5),
    evaluation(2, 'other', 1),
    step(2, { losses: {} }),
  ];
  const recording = recordingOf(lines, { set: 'heldOut', tokensAStep: 8 });

  it('puts steps and evaluations on a clock of training alone', () => {
    expect(recording.curve.map(({ step, seconds, tokens, loss }) => [step, seconds, tokens, loss])).toEqual([
      [1, 0.5, 8, 6],
      [2, 1, 16, 5],
      [3, 1.5, 24, 9],
    ]);
    expect(recording.evaluations).toEqual([{ step: 2, seconds: 1, tokens: 16, loss: 5 }]);
    expect(recording.seconds).toBe(1.5);
  });

  it('keeps theta where there is one, and which block ran', () => {
    expect(recording.curve[0]).toMatchObject({ theta: 1, expectedActive: 2 });
    expect(recording.curve[1]).not.toHaveProperty('theta');
    expect(blockRuns(recording.active)).toEqual({ run: 5, possible: 6 });
  });
});
