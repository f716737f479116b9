import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lossDomain, spreadLabels } from './loss-chart.js';
import { heatCells, runningMean, smoothCurve, thin } from './series.js';

describe('series', () => {
  it('thin keeps the first and the last point and at most the limit', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    expect(thin(numbers, 5)).toEqual([0, 250, 500, 749, 999]);
    expect(thin([1, 2], 5)).toEqual([1, 2]);
  });

  it('runningMean is the mean of the neighbours that exist', () => {
    expect(runningMean([1, 2, 6, 4], 1)).toEqual([1.5, 3, 4, 5]);
    expect(runningMean([1, 2, 6], 0)).toEqual([1, 2, 6]);
  });

  it('smoothCurve changes nothing but the loss', () => {
    const curve = Array.from({ length: 100 }, (_, i) => ({ step: i + 1, seconds: i, loss: i % 2, theta: 0.5 }));
    const smooth = smoothCurve(curve);
    expect(smooth[50]).toEqual({ step: 51, seconds: 50, loss: 0.4, theta: 0.5 });
  });

  it('heatCells joins neighbours and leaves out what never ran', () => {
    const active = [
      [true, false],
      [true, true],
      [false, true],
      [true, false],
    ];
    expect(heatCells(active, 10)).toEqual([
      { from: 0, to: 2, block: 0, share: 1 },
      { from: 3, to: 4, block: 0, share: 1 },
      { from: 1, to: 3, block: 1, share: 1 },
    ]);
    expect(heatCells(active, 2)).toEqual([
      { from: 0, to: 2, block: 0, share: 1 },
      { from: 2, to: 4, block: 0, share: 0.5 },
      { from: 0, to: 4, block: 1, share: 0.5 },
    ]);
    expect(heatCells([], 2)).toEqual([]);
  });

  it('heatCells keeps the number of block runs, whatever the columns', () => {
    const matrix = fc.array(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), { maxLength: 60 });
    fc.assert(
      fc.property(matrix, fc.integer({ min: 1, max: 80 }), (active, columns) => {
        const total = heatCells(active, columns).reduce((sum, cell) => sum + cell.share * (cell.to - cell.from), 0);
        expect(total).toBeCloseTo(active.flat().filter(Boolean).length, 9);
      }),
    );
  });
});

describe('loss charts', () => {
  const variant = { name: 'a', blocks: 1, curve: [], evaluations: [9, 6, 5.8, 5.7].map((loss, i) => ({ step: i, seconds: i, loss })) };

  it('the range covers the settled losses and the reference lines, not the first cliff', () => {
    const [low, high] = lossDomain([variant], [{ label: 'unigram entropy', loss: 5.98 }]);
    expect(low).toBeLessThan(5.7);
    expect(low).toBeGreaterThan(5.6);
    expect(high).toBeGreaterThan(6);
    expect(high).toBeLessThan(6.2);
    expect(lossDomain([], [])).toEqual([0, 1]);
    const mild = { ...variant, evaluations: variant.evaluations.map((point, i) => (i === 0 ? { ...point, loss: 6.2 } : point)) };
    expect(lossDomain([mild], [])[1]).toBeGreaterThan(6.2);
  });

  it('labels of neighbouring lines are pushed apart, lines stay', () => {
    const spread = spreadLabels(
      [
        { label: 'b', loss: 5.99 },
        { label: 'a', loss: 6 },
      ],
      0.1,
    );
    expect(spread.map(({ label, loss }) => [label, loss])).toEqual([
      ['a', 6],
      ['b', 5.99],
    ]);
    expect(spread[0]!.at - spread[1]!.at).toBeCloseTo(0.1, 12);
  });
});
