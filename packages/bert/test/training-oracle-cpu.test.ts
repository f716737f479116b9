import { describe, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, expectOracle, isGated, run, settings } from './trajectories.js';

describe('twenty steps on cpu follow PyTorch', () => {
  it.each(Object.keys(settings).filter((name) => !isGated(name)))(
    '%s',
    async (name) => {
      expectOracle(deviation(await run(settings[name]!, 'cpu'), oracle.trajectories[name]!));
    },
    300_000,
  );
});
