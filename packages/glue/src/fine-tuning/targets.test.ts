import fc from 'fast-check';
import { expect, it } from 'vitest';
import { balancedWeights, rowTarget } from './targets.js';

const logits = [
  [0.5, -1, 2],
  [1.5, 0.25, -0.5],
  [-0.3, 0.8, 0.1],
  [2, 1, 0],
];
const labels = [2, 0, 1, 2];
const target = { kind: 'classes', labels: ['a', 'b', 'c'] } as const;

// torch.nn.functional.cross_entropy(logits, labels, weight=…, label_smoothing=…), float64
it.each([
  { classWeights: undefined, labelSmoothing: 0, loss: 0.9012219979027796 },
  { classWeights: undefined, labelSmoothing: 0.1, loss: 0.955805331236113 },
  { classWeights: [0.5, 1, 2], labelSmoothing: 0, loss: 1.1050598765111372 },
  { classWeights: [0.5, 1, 2], labelSmoothing: 0.1, loss: 1.125263634136623 },
])('averages as PyTorch: weights $classWeights, smoothing $labelSmoothing', ({ classWeights, labelSmoothing, loss }) => {
  const rows = labels.map((label) => rowTarget(label, target, { labelSmoothing, ...(classWeights ? { classWeights } : {}) }));
  const sum = rows.reduce((total, { values }, n) => {
    const logSumExp = Math.log(logits[n]!.reduce((inner, z) => inner + Math.exp(z), 0));
    return total + values.reduce((inner, share, c) => inner + share * (logSumExp - logits[n]![c]!), 0);
  }, 0);
  expect(sum / rows.reduce((total, { weight }) => total + weight, 0)).toBeCloseTo(loss, 12);
});

it('leaves a number as it is', () => {
  expect(rowTarget(3.8, { kind: 'number', range: [0, 5] })).toEqual({ values: [3.8], weight: 1 });
});

it('balances classes: each counts the same, and all together as many as there are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), (more) => {
      const all = [0, 1, 2, ...more];
      const weights = balancedWeights(all, target.labels);
      const totals = [0, 1, 2].map((c) => all.filter((label) => label === c).length * weights[c]!);
      for (const total of totals) expect(total).toBeCloseTo(all.length / 3, 10);
    }),
  );
  expect(() => balancedWeights([0, 0, 2], target.labels)).toThrow(/no example has the label 'b'/);
});
