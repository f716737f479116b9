import { expect, it } from 'vitest';
import { formatOwnPredictions } from './own-predictions.js';

const examples = [{ index: 0 }, { index: 2 }];

it('writes names of classes, quoted where CSV needs it', () => {
  const target = { kind: 'classes', labels: ['plain', 'a "b", c'] } as const;
  expect(formatOwnPredictions(target, examples, [1, 0])).toBe('index,prediction\n0,"a ""b"", c"\n2,plain\n');
});

it('writes numbers in full', () => {
  expect(formatOwnPredictions({ kind: 'number' }, examples, [0.1, -2.5e-9])).toBe('index,prediction\n0,0.1\n2,-2.5e-9\n');
});
