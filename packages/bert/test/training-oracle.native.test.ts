import { compileStatistics, setCompiling } from '@hookline/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, run, settings } from './trajectories.js';

afterEach(() => {
  setCompiling(true);
});

describe.each(['compiled', 'op by op'])('twenty steps on native, %s, follow PyTorch', (form) => {
  it.each(Object.keys(settings))('%s', async (name) => {
    setCompiling(form === 'compiled');
    const before = compileStatistics().replays;
    const worst = deviation(await run(settings[name]!, 'native'), oracle.trajectories[name]!);
    expect(worst.loss).toBeLessThan(2e-5);
    expect(worst.gradNorm).toBeLessThan(1e-4);
    expect(worst.parameterNorm).toBeLessThan(1e-5);
    expect(worst.parameterMove).toBeLessThan(1e-4);
    const replayed = compileStatistics().replays - before;
    if (form === 'compiled') expect(replayed).toBeGreaterThan(100);
    else expect(replayed).toBe(0);
  });
});
