import { describe, expect, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, run, type Setting, settings } from './trajectories.js';

/**
 * Plain JavaScript takes up to a second for each step. Six steps are the fewest that drop a block and run it again, which is where the
 * policies for dropped parameters part; where nothing is dropped four do. ORACLE_STEPS=20 runs all.
 */
const stepsOf = ({ composition, microBatches = 1 }: Setting): number => Number(process.env['ORACLE_STEPS'] ?? (composition && microBatches === 1 ? 6 : 4));

describe('the first steps on cpu follow PyTorch', () => {
  it.each(Object.keys(settings))(
    '%s',
    async (name) => {
      const worst = deviation(await run(settings[name]!, 'cpu', stepsOf(settings[name]!)), oracle.trajectories[name]!);
      expect(worst.loss).toBeLessThan(2e-5);
      expect(worst.gradNorm).toBeLessThan(1e-4);
      expect(worst.parameterNorm).toBeLessThan(1e-5);
      expect(worst.parameterMove).toBeLessThan(1e-4);
    },
    300_000,
  );
});
