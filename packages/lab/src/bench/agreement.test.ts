import { describe, expect, it } from 'vitest';
import { checkAgreement } from './agreement.js';

describe('checkAgreement', () => {
  it('answers with the largest relative difference', () => {
    expect(checkAgreement('PyTorch', [10, 8], [10.0001, 8])).toBeCloseTo(1e-5, 10);
  });

  it.each([
    ['a loss that differs', [10, 8.0002]],
    ['a loss that is missing', [10]],
    ['a loss that is no number', [10, Number.NaN]],
  ])('refuses %s, with the step', (_, theirs) => {
    expect(() => checkAgreement('PyTorch', [10, 8], theirs)).toThrow(
      expect.objectContaining({ code: 'HOOKLINE_BENCH_DISAGREES', message: expect.stringContaining('step 1') }),
    );
  });
});
