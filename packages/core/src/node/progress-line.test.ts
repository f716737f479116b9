import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepNews } from '../trainer-types.js';
import { evaluationLine, formatBar, formatDuration, plainLine, terminalLine } from './progress-line.js';

const news: StepNews = {
  index: 119,
  total: 400,
  epoch: 1,
  loss: 4.12345,
  losses: { mlm: 4.12345 },
  gradientNorm: 1,
  learningRate: 1e-3,
  activeBlocks: 4,
  active: [true, true, true, false, true, false],
  report: { theta: 0.6123, expectedActive: 4.4 },
  skipped: false,
  seconds: 0.1,
};
const progress = { news, rate: 12.345, show: ['theta', 'absent'] };

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [0.2, '0:01'],
    [59.5, '1:00'],
    [754, '12:34'],
    [3723, '1:02:03'],
    [360000, '100:00:00'],
  ])('%d s is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatBar', () => {
  it.each([
    [0, '[          ]'],
    [0.05, '[          ]'],
    [0.1, '[>         ]'],
    [0.55, '[====>     ]'],
    [1, '[==========]'],
  ])('at %d is %s', (fraction, bar) => {
    expect(formatBar(fraction, 10)).toBe(bar);
  });
});

describe('terminalLine', () => {
  it('shows all where there is room', () => {
    expect(terminalLine(progress, 120)).toBe('[=====>              ]  120/400  12.3 steps/s  0:23 left  loss 4.123  theta 0.612  blocks 4/6');
  });

  it('leaves out what does not fit, the bar first on a narrow terminal', () => {
    expect(terminalLine(progress, 80)).toBe('[=====>              ]  120/400  12.3 steps/s  0:23 left  loss 4.123');
    expect(terminalLine(progress, 30)).toBe('120/400  12.3 steps/s');
  });

  it('never fills the line', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (columns) => {
        expect(terminalLine(progress, columns).length).toBeLessThan(columns);
      }),
    );
  });
});

describe('plainLine', () => {
  it('shows all', () => {
    expect(plainLine(progress)).toBe('step 120/400 (30 %), 12.3 steps/s, 0:23 left, loss 4.123, theta 0.612, blocks 4/6');
  });

  it('says nothing of speed before it is known', () => {
    expect(plainLine({ ...progress, rate: undefined, show: [] })).toBe('step 120/400 (30 %), loss 4.123, blocks 4/6');
  });
});

it('shows an evaluation', () => {
  expect(evaluationLine(100, 'dev', { loss: 2.34567, accuracy: 0.5, f1: Number.NaN })).toBe('after step 100, dev: loss 2.346, accuracy 0.5, f1 NaN');
});
