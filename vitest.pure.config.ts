import { defineConfig } from 'vitest/config';

/** The tests of what is pure in core and pld-plugin: what the mutation run repeats for each change that it makes. */
export default defineConfig({
  test: {
    include: ['packages/core/src/*.test.ts', 'packages/core/src/{plugins,checkpoint}/*.test.ts', 'packages/pld-plugin/src/*.test.ts'],
    // Whole trainings, which reach what is mutated only by way of the trainer: each would be repeated for nearly every change.
    exclude: [
      'packages/core/src/{drive-plugins,evaluate-learner,protobuf}.test.ts',
      'packages/core/src/plugins/{block-statistics,freezing,gradient-*,gradual-unfreezing,layerwise-rates,lesioning,nan-guard,parameter-groups,selection,stochastic-weight-averaging}.test.ts',
    ],
    testTimeout: 60_000,
    maxWorkers: 1,
  },
});
