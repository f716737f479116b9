import { compileStatistics, setCompiling } from '@hookline/tfjs';
import { afterEach, describe, expect, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, expectOracle, run, settings } from './trajectories.js';

afterEach(() => {
  setCompiling(true);
});

describe.each(['compiled', 'op by op'])('twenty steps on native, %s, follow PyTorch', (form) => {
  it.each(Object.keys(settings))('%s', async (name) => {
    setCompiling(form === 'compiled');
    const before = compileStatistics().replays;
    expectOracle(deviation(await run(settings[name]!, 'native'), oracle.trajectories[name]!));
    const replayed = compileStatistics().replays - before;
    if (form === 'compiled') expect(replayed).toBeGreaterThan(100);
    else expect(replayed).toBe(0);
  });
});
