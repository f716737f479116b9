import { describe, expect, it } from 'vitest';
import { metricsOf, mlmLosses } from './metrics.js';

const scores = [
  { mlm: { lossSum: 30, correct: 1, items: 10 }, nsp: { lossSum: 2, correct: 3, items: 4 } },
  { mlm: { lossSum: 6, correct: 2, items: 2 }, nsp: { lossSum: 1, correct: 1, items: 4 } },
];

describe('metricsOf', () => {
  it('takes means over the items of the whole set, not over batches', () => {
    expect(metricsOf(scores)).toEqual({ loss: 3 + 0.375, mlmLoss: 3, mlmAccuracy: 0.25, nspLoss: 0.375, nspAccuracy: 0.5 });
  });

  it('leaves out an objective without items', () => {
    expect(metricsOf([{ mlm: { lossSum: 1, correct: 1, items: 2 } }])).toEqual({ loss: 0.5, mlmLoss: 0.5, mlmAccuracy: 0.5 });
    expect(metricsOf([{ mlm: { lossSum: 0, correct: 0, items: 0 } }])).toEqual({ loss: 0 });
  });
});

describe('mlmLosses', () => {
  it('has the mean loss of each batch, to be paired with another model’s', () => {
    expect(mlmLosses(scores)).toEqual([3, 3]);
    expect(mlmLosses([{ mlm: { lossSum: 0, correct: 0, items: 0 } }])).toEqual([]);
  });
});
