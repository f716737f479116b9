import { describe, expect, it } from 'vitest';
import { oracle } from './oracle.js';
import { deviation, expectOracle, run, settings } from './trajectories.js';

describe('twenty steps on wasm follow PyTorch', () => {
  it.each(Object.keys(settings))('%s', async (name) => {
    expectOracle(deviation(await run(settings[name]!, 'wasm'), oracle.trajectories[name]!));
  });

  it('covers every trajectory there is', () => {
    expect(Object.keys(settings).sort()).toEqual(Object.keys(oracle.trajectories).sort());
  });
});
