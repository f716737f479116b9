import { describe, expect, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, run, settings } from './trajectories.js';

describe('twenty steps on native follow PyTorch', () => {
  it.each(Object.keys(settings))('%s', async (name) => {
    const worst = deviation(await run(settings[name]!, 'native'), oracle.trajectories[name]!);
    expect(worst.loss).toBeLessThan(2e-5);
    expect(worst.gradNorm).toBeLessThan(1e-4);
    expect(worst.parameterNorm).toBeLessThan(1e-5);
    expect(worst.parameterMove).toBeLessThan(1e-4);
  });
});
